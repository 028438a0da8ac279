import { once } from 'node:events';
import { connect as connectTcp, createServer } from 'node:net';
import { connect as connectTls } from 'node:tls';
import fc from 'fast-check';
import { test } from 'tap';
import { readServerName } from '../../../src/http/detect/server-name.ts';

/** What a real client sends first. */
async function helloOf(servername: string | undefined): Promise<Buffer> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const raw = connectTcp(port, '127.0.0.1');
  const client = connectTls({ socket: raw, ...(servername === undefined ? {} : { servername }) });
  client.on('error', () => undefined);
  const [socket] = await once(server, 'connection');
  let bytes = Buffer.alloc(0);
  while (readServerName(bytes).kind === 'incomplete') {
    const [chunk] = await once(socket, 'data');
    bytes = Buffer.concat([bytes, chunk]);
  }
  client.destroy();
  socket.destroy();
  raw.destroy();
  server.close();
  return bytes;
}

/** The same message in records of so many bytes. */
function inRecordsOf(size: number, hello: Buffer): Buffer {
  const message = hello.subarray(5);
  const records: Buffer[] = [];
  for (let at = 0; at < message.length; at += size) {
    const part = message.subarray(at, at + size);
    records.push(Buffer.from([0x16, 3, 1, part.length >> 8, part.length & 0xff]), part);
  }
  return Buffer.concat(records);
}

test('the name that a real client asks for is read', async (t) => {
  t.same(readServerName(await helloOf('Echo.Shop.example')), {
    kind: 'complete',
    serverName: 'echo.shop.example',
  });
  t.same(readServerName(await helloOf(undefined)), { kind: 'complete', serverName: undefined });
});

test('it is read however the message is cut into records, and what follows does not matter', async (t) => {
  const hello = await helloOf('echo.example');
  for (const size of [1, 4, 50, 300]) {
    const verdict = readServerName(Buffer.concat([inRecordsOf(size, hello), Buffer.from([0x16, 3])]));
    t.same(verdict, { kind: 'complete', serverName: 'echo.example' }, `records of ${size}`);
  }
});

test('every part of it is incomplete', async (t) => {
  const hello = await helloOf('echo.example');
  for (const bytes of [hello, inRecordsOf(100, hello)])
    for (let length = 0; length < bytes.length; length++) {
      const { kind } = readServerName(bytes.subarray(0, length));
      if (kind !== 'incomplete') t.fail(`${length} of ${bytes.length} bytes: ${kind}`);
    }
});

test('what is no such message is told at once', async (t) => {
  const rows: [string, Buffer][] = [
    ['HTTP', Buffer.from('GET / HTTP/1.1\r\n')],
    ['an alert', Buffer.from([0x15, 3, 1, 0, 2, 1, 0])],
    ['another version', Buffer.from([0x16, 2, 0, 0, 4, 1, 0, 0, 0])],
    ['a ServerHello', Buffer.from([0x16, 3, 3, 0, 4, 2, 0, 0, 0])],
    ['an empty record', Buffer.from([0x16, 3, 1, 0, 0])],
    ['a record too long', Buffer.from([0x16, 3, 1, 0xff, 0xff])],
    ['a message too long', Buffer.from([0x16, 3, 1, 0, 4, 1, 0xff, 0xff, 0xff])],
    ['lengths that do not fit', Buffer.from([0x16, 3, 1, 0, 8, 1, 0, 0, 4, 3, 3, 0, 0])],
  ];
  for (const [what, bytes] of rows) t.equal(readServerName(bytes).kind, 'invalid', what);
});

test('no bytes make it throw, and a name is always one', async (t) => {
  const hello = await helloOf('echo.example');
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(hello.length - 1), fc.nat(255)), { maxLength: 8 }), (changes) => {
      const bytes = Buffer.from(hello);
      for (const [at, value] of changes) bytes[at] = value;
      const verdict = readServerName(bytes);
      return verdict.kind !== 'complete' || /^[a-z0-9_.-]+$/.test(verdict.serverName ?? 'none');
    }),
    { numRuns: 2_000 },
  );
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) =>
      ['incomplete', 'complete', 'invalid'].includes(readServerName(Buffer.from(bytes)).kind),
    ),
  );
  t.pass();
});
