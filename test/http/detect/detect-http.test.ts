import { duplexPair } from 'node:stream';
import { test } from 'tap';
import { verdictOn } from '../../../src/http/detect/verdict.ts';
import { type DetectedProtocol, detectHttp } from '../../../src/http/index.ts';
import { createFakeClock } from '../../support/fake-clock.ts';
import { byteStream, settle } from '../support/wire.ts';

const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';
const CLIENT_HELLO = '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03';

const ROWS: Readonly<Record<string, [text: string, protocol: DetectedProtocol]>> = {
  GET: ['GET / HTTP/1.1\r\n', 'http1'],
  'OPTIONS *': ['OPTIONS * HTTP/1.1\r\n', 'http1'],
  'absolute form': ['GET http://a/ HTTP/1.1\r\n', 'http1'],
  'absolute form of the other scheme': ['GET https://a/ HTTP/1.1\r\n', 'http1'],
  'a method of its own': ['M-SEARCH * HTTP/1.1\r\n', 'http1'],
  'a method that begins like the preface': ['PRINT /x HTTP/1.1\r\n', 'http1'],
  'an empty line before': ['\r\nGET / HTTP/1.1\r\n', 'http1'],
  'the preface': [PREFACE, 'http2'],
  'the preface, and frames': [`${PREFACE}\0\0\0\x04\0\0\0\0\0`, 'http2'],
  'a preface that is none': ['PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n', 'http1'],
  TLS: [CLIENT_HELLO, 'tls'],
  'a TLS alert': ['\x15\x03\x01\x00\x02', 'other'],
  'a handshake that is no ClientHello': ['\x16\x03\x03\x00\x10\x02', 'other'],
  'a record of another version': ['\x16\x04\x00', 'other'],
  SSH: ['SSH-2.0-OpenSSH_9.2\r\n', 'other'],
  SMTP: ['EHLO example.org\r\n', 'other'],
  Redis: ['*1\r\n$4\r\nPING\r\n', 'other'],
  'Redis, in words': ['GET key\r\n', 'other'],
  PostgreSQL: ['\0\0\0\x08\x04\xd2\x16\x2f', 'other'],
  'a method in lower case': ['get / http/1.1\r\n', 'other'],
  'a word without end': ['A'.repeat(100), 'other'],
};

test('first bytes are told apart', async (t) => {
  for (const [what, [text, protocol]] of Object.entries(ROWS))
    t.equal(verdictOn(Buffer.from(text, 'latin1')), protocol, what);
});

test('a verdict never changes with more bytes', async (t) => {
  for (const [what, [text]] of Object.entries(ROWS)) {
    const bytes = Buffer.from(text, 'latin1');
    let settled: string | undefined;
    for (let length = 0; length <= bytes.length; length++) {
      const verdict = verdictOn(bytes.subarray(0, length));
      if (settled !== undefined && verdict !== settled) t.fail(`${what}: ${settled}, then ${verdict}`);
      settled = verdict;
    }
  }
});

test('the stream is handed on with every byte in it, however they came', async (t) => {
  for (const [what, [text, protocol]] of Object.entries(ROWS)) {
    for (const size of [1, 7, text.length]) {
      const [a, client] = duplexPair({ allowHalfOpen: true });
      const detecting = detectHttp(byteStream(a));
      for (let from = 0; from < text.length; from += size) {
        client.write(Buffer.from(text.slice(from, from + size), 'latin1'));
        await settle();
      }
      const detection = await detecting;
      t.equal(detection.protocol, protocol, `${what} in pieces of ${size}`);
      client.end('behind');
      let got = '';
      detection.stream.duplex.on('data', (chunk: Buffer) => {
        got += chunk.toString('latin1');
      });
      detection.stream.duplex.resume();
      await settle();
      t.equal(got, `${text}behind`, what);
      t.equal(detection.stream.endedCleanly, true);
      detection.stream.duplex.end();
      await settle();
    }
  }
});

test('who says nothing waits for the server; who began has longer', async (t) => {
  const clock = createFakeClock();
  const [silent] = duplexPair({ allowHalfOpen: true });
  const waiting = detectHttp(byteStream(silent), { clock });
  await clock.advance(199);
  t.equal(clock.pending, 1);
  await clock.advance(1);
  t.match(await waiting, { protocol: 'silent' });
  t.equal(clock.pending, 0);

  const [a, client] = duplexPair({ allowHalfOpen: true });
  const slow = detectHttp(byteStream(a), { clock });
  client.write('GE');
  await clock.advance(9_999);
  t.equal(clock.pending, 1, 'half a method is not taken for another protocol at once');
  await clock.advance(1);
  const { protocol, stream } = await slow;
  t.equal(protocol, 'other');
  t.equal(String(stream.duplex.read()), 'GE');
  t.equal(clock.pending, 0);
});

test('a client that ends, or goes away, is settled at once', async (t) => {
  const [a, client] = duplexPair({ allowHalfOpen: true });
  const ending = detectHttp(byteStream(a));
  client.end();
  t.match(await ending, { protocol: 'silent' });

  const [b, short] = duplexPair({ allowHalfOpen: true });
  const inner = byteStream(b);
  const detecting = detectHttp(inner);
  short.end('GE');
  const { protocol, stream } = await detecting;
  t.equal(protocol, 'other');
  const got = (await stream.duplex.take(1).toArray()) as Buffer[];
  t.equal(String(Buffer.concat(got)), 'GE', 'also when the end came before the verdict');
  await settle();
  t.equal(stream.endedCleanly, true);

  const [c, gone] = duplexPair({ allowHalfOpen: true });
  const cut = detectHttp(byteStream(c));
  gone.destroy();
  c.destroy();
  t.match(await cut, { protocol: 'silent' });
});

test('a stream whose end came first can still be answered', async (t) => {
  const [a, client] = duplexPair({ allowHalfOpen: true });
  const detecting = detectHttp(byteStream(a));
  client.end('GE');
  const { stream } = await detecting;
  let answer = '';
  client.on('data', (chunk: Buffer) => {
    answer += chunk;
  });
  let got = '';
  stream.duplex.on('data', (chunk: Buffer) => {
    got += chunk;
  });
  stream.duplex.on('end', () => stream.duplex.end('answer'));
  stream.duplex.resume();
  await settle();
  t.equal(got, 'GE');
  t.equal(answer, 'answer');
});
