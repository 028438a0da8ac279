import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { connect as connectTls } from 'node:tls';
import { test } from 'tap';
import { detectTls } from '../../../src/http/detect/detect-tls.ts';
import { tcpByteStream } from '../../../src/net/index.ts';
import { createFakeClock } from '../../support/fake-clock.ts';

const noTls = { isTls: false, serverName: undefined };

/** Both ends of a connection on this machine. */
async function withPair(run: (client: Socket, accepted: Socket) => Promise<void>): Promise<void> {
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
  client.on('error', () => undefined);
  const [accepted] = (await once(server, 'connection')) as [Socket];
  try {
    await run(client, accepted);
  } finally {
    client.destroy();
    accepted.destroy();
    server.close();
  }
}

test('the name is found, and every byte is still there', async (t) => {
  await withPair(async (client, accepted) => {
    const sent: Buffer[] = [];
    const write = client.write.bind(client);
    client.write = (chunk: Buffer, ...rest: never[]) => {
      sent.push(Buffer.from(chunk));
      return write(chunk, ...rest);
    };
    const tls = connectTls({ socket: client, servername: 'echo.example' });
    tls.on('error', () => undefined);
    t.same(await detectTls(tcpByteStream(accepted)), { isTls: true, serverName: 'echo.example' });
    client.end();
    t.ok((await buffer(accepted)).length > 200);
    tls.destroy();
  });
});

test('what comes byte by byte, is no TLS, ends or is late names nobody, and stays whole', async (t) => {
  const cases: [string, (client: Socket) => void, string][] = [
    ['no TLS', (client) => client.end('GET / HTTP/1.1\r\n'), 'GET / HTTP/1.1\r\n'],
    ['an end in the middle', (client) => client.end('\x16\x03\x01'), '\x16\x03\x01'],
    ['nothing at all', (client) => client.end(), ''],
  ];
  for (const [what, act, expected] of cases)
    await withPair(async (client, accepted) => {
      act(client);
      t.same(await detectTls(tcpByteStream(accepted)), noTls, what);
      t.equal((await buffer(accepted)).toString('latin1'), expected, what);
    });
  await withPair(async (client, accepted) => {
    const clock = createFakeClock();
    client.write('\x16\x03');
    const detecting = detectTls(tcpByteStream(accepted), { clock, timeoutMs: 1_000 });
    await once(accepted, 'readable');
    await clock.advance(1_000);
    t.same(await detecting, noTls, 'late');
    t.equal(clock.pending, 0);
    client.end();
    t.equal((await buffer(accepted)).toString('latin1'), '\x16\x03');
  });
});

test('a connection that is gone names nobody', async (t) => {
  await withPair(async (client, accepted) => {
    const detecting = detectTls(tcpByteStream(accepted));
    client.resetAndDestroy();
    t.same(await detecting, noTls);
    t.same(await detectTls(tcpByteStream(accepted)), noTls);
  });
});
