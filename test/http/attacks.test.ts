import { duplexPair } from 'node:stream';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { test } from 'tap';
import { createBufferBudget } from '../../src/base/index.ts';
import {
  type HttpExchange,
  type HttpOptions,
  resolveHttpConfig,
  serveHttp1,
  serveHttp2,
  textResponse,
} from '../../src/http/index.ts';
import {
  CLIENT_PREFACE,
  encodeSettings,
  encodeWindowUpdate,
  FrameFlag,
  SETTINGS_ACK,
} from '../../src/http/http2/frame/index.ts';
import { createHpackEncoder, type HeaderField } from '../../src/http/http2/hpack/index.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import { openHttp2ServerWire } from './http2/support/endpoint-wire.ts';
import { data, frame } from './http2/support/scripted-peer.ts';
import { byteStream, openServerWire, settle } from './support/wire.ts';

const MIB = 1024 * 1024;
const GET: readonly HeaderField[] = [
  [':method', 'GET'],
  [':scheme', 'http'],
  [':authority', 'a'],
  [':path', '/'],
];
const POST: readonly HeaderField[] = [[':method', 'POST'], ...GET.slice(1)];

setFlagsFromString('--expose-gc');
const collectGarbage: () => void = runInNewContext('gc');

/** What JavaScript holds in and out of its heap, once all that can go has gone. */
function heldBytes(): number {
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

test('a head that never ends is bounded, byte by byte too, and so is the work for it', async (t) => {
  const wire = openServerWire();
  const start = performance.now();
  await wire.send('GET / HTTP/1.1\r\nHost: a\r\nx: ');
  let sent = 0;
  while (!wire.ended && sent < MIB) {
    for (let index = 0; index < 256; index++) wire.client.write('y');
    sent += 256;
    await settle();
  }
  t.match(await wire.received(), /^HTTP\/1\.1 431 /);
  t.ok(sent < 128 * 1024, `${sent} bytes`);
  t.ok(
    performance.now() - start < 30_000,
    'a generous deadline: it would take minutes if each byte cost all before it',
  );
  await wire.clock.advance(5_000);
  await wire.connection.closed;
});

test('slow heads on many connections hold little, and are let go', async (t) => {
  const clock = createFakeClock();
  const config = resolveHttpConfig();
  const before = heldBytes();
  const closed: Promise<void>[] = [];
  for (let index = 0; index < 2_000; index++) {
    const [a, client] = duplexPair({ allowHalfOpen: true });
    client.on('error', () => undefined).resume();
    closed.push(serveHttp1(byteStream(a), { clock, config, onExchange: () => undefined }).closed);
    client.write('GET / HTTP/1.1\r\nHost: a\r\nx: y');
  }
  await settle();
  const each = (heldBytes() - before) / 2_000;
  t.ok(each < 32 * 1024, `${each.toFixed(0)} bytes each, both ends of the pair`);
  await clock.advance(10_000);
  await clock.advance(2_000);
  await Promise.all(closed);
  t.equal(clock.pending, 0);
});

test('chunks of one byte cost what they bring, and are read', async (t) => {
  let received = 0;
  const wire = openServerWire({
    onExchange: (exchange) => {
      exchange.request.body.stream?.on('data', (chunk: Buffer) => {
        received += chunk.length;
      });
    },
  });
  await wire.send('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n');
  for (let index = 0; index < 20; index++) await wire.send('1\r\nx\r\n'.repeat(1_000));
  t.equal(received, 20_000);
  wire.connection.destroy();
  await wire.connection.closed;
});

test('streams whose bodies nobody reads cannot fill more than the windows', async (t) => {
  const account = createBufferBudget().account();
  const wire = await openHttp2ServerWire({ account });
  let most = 0;
  let sent = 0;
  for (let id = 1; id < 500 && !wire.ended; id += 2) {
    await wire.send(wire.headers(id, POST));
    const settings = (await wire.received()).filter(({ type, length }) => type === 4 && length > 0);
    if (settings.length > 0) await wire.send(...settings.map(() => SETTINGS_ACK));
    await wire.send(data(id, 16_384));
    sent += 16_384;
    most = Math.max(most, account.usedBytes);
  }
  t.ok(sent > 4 * MIB - 100_000, `${sent} bytes were sent`);
  t.ok(most <= 8 * MIB, `${most} bytes were held`);
  wire.connection.destroy();
  await wire.connection.closed;
  for (const { request } of wire.exchanges) request.body.stream?.destroy();
  t.equal(account.usedBytes, 0);
});

test('answers that nobody reads hold their sources', async (t) => {
  const wire = await openHttp2ServerWire({
    onExchange: (exchange) => exchange.respond(textResponse(200, 'x'.repeat(MIB))).catch(() => undefined),
  });
  await wire.send(encodeSettings([[4, 0]]));
  const before = heldBytes();
  for (let id = 1; id < 200; id += 2) await wire.send(wire.headers(id, GET, true));
  const each = (heldBytes() - before) / 100;
  t.ok(each < 2.5 * MIB, `${(each / MIB).toFixed(1)} MiB each: what the test itself made, and no copy more`);
  wire.connection.destroy();
  await wire.connection.closed;
});

test('a header block that says a thousand times what the table has is refused, and others go on', async (t) => {
  const wire = await openHttp2ServerWire();
  const block = Buffer.concat([
    // Without the table size of 0 that ours begins with.
    createHpackEncoder().encode(GET).subarray(1),
    // A literal with indexing: 4,000 bytes into the table, then 20,000 times the entry it got.
    Buffer.concat([
      Buffer.from([0x40, 0x01]),
      Buffer.from('x'),
      Buffer.from([0x7f, 0xa1, 0x1e]),
      Buffer.alloc(4_000, 'y'),
    ]),
    Buffer.alloc(20_000, 0xbe),
  ]);
  await wire.send(frame(1, 1, block, FrameFlag.END_HEADERS | FrameFlag.END_STREAM));
  t.same(await wire.told(), ['HEADERS 1 :status=431 end']);
  t.equal(wire.exchanges.length, 0);
  await wire.send(wire.headers(3, GET, true));
  t.equal(wire.exchanges.length, 1);
  wire.connection.destroy();
  await wire.connection.closed;
});

test('floods end their connection: CONTINUATION, PING, SETTINGS, empty DATA, windows of nothing', async (t) => {
  const rows: Readonly<Record<string, (index: number) => Buffer>> = {
    CONTINUATION: (index) => frame(index === 0 ? 1 : 9, 1, Buffer.alloc(index === 0 ? 10 : 0, 0x82), 0),
    PING: () => frame(6, 0, Buffer.alloc(8)),
    SETTINGS: () => encodeSettings([]),
    'empty DATA': (index) => (index === 0 ? frame(1, 1, createHpackEncoder().encode(POST), 4) : data(1, 0)),
    PRIORITY: () => frame(2, 1, Buffer.alloc(5)),
    'unknown frames': () => frame(200, 0, Buffer.alloc(0)),
    'WINDOW_UPDATE of nothing': () => frame(8, 0, Buffer.alloc(4)),
    'RST_STREAM of what is closed': (index) =>
      index === 0 ? frame(1, 1, createHpackEncoder().encode(GET), 5) : frame(3, 1, Buffer.from([0, 0, 0, 8])),
  };
  for (const [what, make] of Object.entries(rows)) {
    const wire = await openHttp2ServerWire();
    for (let batch = 0; batch < 60 && !wire.ended; batch++)
      await wire.send(...Array.from({ length: 300 }, (_, index) => make(batch * 300 + index)));
    t.equal(wire.ended, true, what);
    t.match(wire.refusals.at(-1), { code: /^ERR_HTTP_(?:FLOOD|PROTOCOL)$/, blame: 'downstream' }, what);
    await wire.clock.advance(5_000);
    await wire.connection.closed;
  }
});

test('a window is not opened without end', async (t) => {
  const wire = await openHttp2ServerWire();
  await wire.send(wire.headers(1, GET, true), encodeWindowUpdate(1, 0x7fff_ffff));
  t.match((await wire.told()).at(-1), /^GOAWAY \d+ 3$/);
  await wire.clock.advance(5_000);
  await wire.connection.closed;
});

test('what is smuggled in a body stays a body', async (t) => {
  const smuggled = 'GET /admin HTTP/1.1\r\nHost: a\r\n\r\n';
  const rows: Readonly<Record<string, [text: string, limits?: HttpOptions]>> = {
    'behind a chunked body that also has a length': [
      `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${smuggled}`,
    ],
    'behind a coding in disguise': [
      `POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\nContent-Length: ${smuggled.length}\r\n\r\n${smuggled}`,
    ],
    'behind a coding with a tab': [
      `POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\x0bchunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n${smuggled}`,
    ],
    'behind a chunk of a size in disguise': [
      `POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0x1\r\nx\r\n0\r\n\r\n${smuggled}`,
    ],
    'behind an extension with a line break': [
      `POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2;\nxx\r\n${smuggled.length.toString(16)}\r\n${smuggled}\r\n0\r\n\r\n`,
    ],
    'as a second line of the length': [
      `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nContent-Length: ${smuggled.length}\r\n\r\n${smuggled}`,
    ],
    'behind a head folded': [
      `GET / HTTP/1.1\r\nHost: a\r\nX: y\r\n Content-Length: ${smuggled.length}\r\n\r\n${smuggled}`,
    ],
    'behind an expectation': [
      `POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: ${smuggled.length}\r\n\r\n${smuggled}`,
    ],
    'behind an upgrade to HTTP/2': [
      `POST / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: h2c\r\nContent-Length: ${smuggled.length}\r\n\r\n${smuggled}`,
    ],
  };
  for (const [what, [text]] of Object.entries(rows)) {
    const targets: string[] = [];
    const onExchange = (exchange: HttpExchange): void => {
      targets.push(exchange.request.target);
      exchange.request.body.stream?.on('error', () => undefined).resume();
      setImmediate(() => void exchange.respond(textResponse(200, '')).catch(() => undefined));
    };
    const wire = openServerWire({ onExchange });
    await wire.send(text);
    await settle();
    t.notOk(targets.includes('/admin'), what);
    await wire.finish();
  }
});

test('both ends let go of everything when thousands of connections come and go', async (t) => {
  const before = heldBytes();
  for (const serve of [serveHttp1, serveHttp2]) {
    const clock = createFakeClock();
    const config = resolveHttpConfig();
    for (let index = 0; index < 1_000; index++) {
      const [a, client] = duplexPair({ allowHalfOpen: true });
      client.on('error', () => undefined).resume();
      const connection = serve(byteStream(a), {
        clock,
        config,
        onExchange: (exchange) => void exchange.signal,
      });
      client.write(
        serve === serveHttp1
          ? Buffer.from('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
          : Buffer.concat([
              CLIENT_PREFACE,
              encodeSettings([]),
              frame(1, 1, createHpackEncoder().encode(GET), 5),
            ]),
      );
      await new Promise((resolve) => setImmediate(resolve));
      client.destroy();
      a.destroy();
      await connection.closed;
    }
    t.equal(clock.pending, 0);
  }
  await settle();
  const grown = heldBytes() - before;
  t.ok(grown < 40 * MIB, `${(grown / MIB).toFixed(1)} MiB`);
});
