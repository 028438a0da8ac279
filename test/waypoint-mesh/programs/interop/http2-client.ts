// HTTP/2 with prior knowledge against the interop server: `node http2-client.ts HOST PORT`. Prints CheckReport lines.
import { deepEqual, equal, ok } from 'node:assert/strict';
import { once } from 'node:events';
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
} from 'node:http2';
import { patternDigest, patternedBytes } from '../../../mesh/programs/pattern.ts';
import { runChecks } from '../checks.ts';

const [host = '', port = ''] = process.argv.slice(2);

function open(): ClientHttp2Session {
  const session = connect(`http://${host}:${port}`);
  session.on('error', () => session.destroy());
  return session;
}

interface Got {
  readonly status: number;
  readonly body: string;
  readonly trailers: IncomingHttpHeaders;
}

async function read(stream: ClientHttp2Stream): Promise<Got> {
  let body = '';
  let trailers: IncomingHttpHeaders = {};
  stream.setEncoding('utf8');
  stream.on('data', (part: string) => {
    body += part;
  });
  stream.on('trailers', (received: IncomingHttpHeaders) => {
    trailers = received;
  });
  const [headers] = (await once(stream, 'response')) as [{ ':status': number }];
  if (!stream.readableEnded) await once(stream, 'end');
  return { status: headers[':status'], body, trailers };
}

async function get(
  session: ClientHttp2Session,
  path: string,
  headers: OutgoingHttpHeaders = {},
): Promise<Got> {
  return read(session.request({ ':path': path, ...headers }));
}

interface Echoed {
  readonly method: string;
  readonly headers: readonly string[];
  readonly bytes: number;
  readonly sha256: string;
}

await runChecks({
  async 'five hundred requests at once share a connection, and each gets its own answer'() {
    const session = open();
    const answers = await Promise.all(
      Array.from({ length: 500 }, (_, index) => get(session, `/status?code=${200 + (index % 5)}`)),
    );
    deepEqual(
      answers.map(({ status }) => status),
      Array.from({ length: 500 }, (_, index) => 200 + (index % 5)),
    );
    session.close();
  },
  async 'a body arrives whole, and so do headers'() {
    const session = open();
    const stream = session.request({
      ':method': 'PUT',
      ':path': '/echo',
      ':authority': 'shop.example',
      'x-one': ['1', '2'],
      cookie: 'a=1; b=2',
    });
    patternedBytes(3 << 20).pipe(stream);
    const echoed = JSON.parse((await read(stream)).body) as Echoed;
    equal(echoed.method, 'PUT');
    deepEqual([echoed.bytes, echoed.sha256], [3 << 20, patternDigest(3 << 20)]);
    const values = (name: string): readonly string[] =>
      echoed.headers.filter(
        (_value, index) => index % 2 === 1 && echoed.headers[index - 1]?.toLowerCase() === name,
      );
    equal(values('x-one').join(', '), '1, 2');
    equal(values('cookie').join('; '), 'a=1; b=2');
    deepEqual([...values(':authority'), ...values('host')], ['shop.example']);
    session.close();
  },
  async 'trailers of an answer arrive'() {
    const session = open();
    const { body, trailers } = await get(session, '/trailers', { te: 'trailers' });
    equal(body, 'body');
    equal(trailers['x-checksum'], 'abc');
    session.close();
  },
  async 'a large answer arrives whole beside a hundred small ones'() {
    const session = open();
    const large = session.request({ ':path': `/download?bytes=${16 << 20}&length=1` });
    let bytes = 0;
    large.on('data', (part: Buffer) => {
      bytes += part.length;
    });
    const small = await Promise.all(Array.from({ length: 100 }, () => get(session, '/status')));
    ok(small.every(({ status }) => status === 200));
    await once(large, 'end');
    equal(bytes, 16 << 20);
    session.close();
  },
  async 'a stream that nobody reads does not hold the others up'() {
    const session = open();
    const stalled = Array.from({ length: 20 }, () =>
      session.request({ ':path': `/download?bytes=${32 << 20}` }),
    );
    await Promise.all(stalled.map((stream) => once(stream, 'response')));
    await new Promise((settle) => setTimeout(settle, 500));
    for (let turn = 0; turn < 50; turn++) equal((await get(session, '/status')).status, 200);
    for (const stream of stalled) stream.close();
    session.destroy();
  },
  async 'a cancelled request is noticed by the server'() {
    const session = open();
    const id = String(Math.random());
    const stream = session.request({ ':path': `/events?id=${id}` });
    await once(stream, 'response');
    stream.on('error', () => undefined);
    stream.close(8);
    while ((await get(session, `/events/next?id=${id}`)).status !== 404)
      await new Promise((settle) => setTimeout(settle, 20));
    session.close();
  },
});
