import { once } from 'node:events';
import { duplexPair, Readable } from 'node:stream';
import { test } from 'tap';
import { createBufferBudget } from '../../../src/base/index.ts';
import {
  bodyOf,
  HeaderList,
  type HttpBody,
  type HttpExchange,
  type HttpResponse,
  NO_BODY,
  readBody,
  serveHttp2,
  textResponse,
} from '../../../src/http/index.ts';
import {
  CLIENT_PREFACE,
  encodeReset,
  encodeSettings,
  encodeWindowUpdate,
  FrameType,
  SETTINGS_ACK,
} from '../../../src/http/http2/frame/index.ts';
import type { HeaderField } from '../../../src/http/http2/hpack/index.ts';
import { createFakeClock } from '../../support/fake-clock.ts';
import { byteStream, settle } from '../support/wire.ts';
import { joined, openHttp2ServerWire } from './support/endpoint-wire.ts';
import { data, frame } from './support/scripted-peer.ts';

const GET: readonly HeaderField[] = [
  [':method', 'GET'],
  [':scheme', 'http'],
  [':authority', 'shop:80'],
  [':path', '/p?q'],
];
const POST: readonly HeaderField[] = [[':method', 'POST'], ...GET.slice(1)];
const OK: HttpResponse = { status: 200, headers: new HeaderList([['X-A', 'b']]), body: NO_BODY };

const echo = (exchange: HttpExchange): void => {
  void exchange.respond(textResponse(200, exchange.request.target));
};

function streamed(stream: Readable, length?: number, trailers?: HeaderList): HttpBody {
  return { stream, length, trailers: () => trailers };
}

function withFields(base: readonly HeaderField[], ...more: HeaderField[]): HeaderField[] {
  return [...base, ...more];
}

/** Replaces the value of a pseudo-header, or takes it out. */
function changed(name: string, value?: string): HeaderField[] {
  return GET.flatMap((field): HeaderField[] =>
    field[0] !== name ? [field] : value === undefined ? [] : [[name, value]],
  );
}

test('a request is handed on, cookies in one piece and without what HTTP/2 alone has', async (t) => {
  const wire = await openHttp2ServerWire();
  await wire.send(
    wire.headers(
      1,
      withFields(
        POST,
        ['host', 'SHOP:80'],
        ['cookie', 'a=1'],
        ['x-one', '1'],
        ['cookie', 'b=2'],
        ['te', 'trailers'],
        ['content-length', '5'],
      ),
    ),
    data(1, 5, true),
  );
  const [exchange] = wire.exchanges;
  t.match(exchange?.request, {
    version: '2',
    method: 'POST',
    scheme: 'http',
    authority: 'shop:80',
    target: '/p?q',
    upgrade: undefined,
    expectContinue: false,
    body: { length: 5 },
  });
  t.same(
    [...(exchange?.request.headers ?? [])],
    [
      ['cookie', 'a=1; b=2'],
      ['x-one', '1'],
      ['te', 'trailers'],
    ],
  );
  if (exchange !== undefined) {
    t.equal((await readBody(exchange.request.body, 10)).length, 5);
    t.equal(exchange.receivedBytes, 5);
    await exchange.respond(OK);
  }
  t.same(await wire.told(), ['HEADERS 1 :status=200 x-a=b content-length=0 end']);
  t.equal(wire.connection.activeExchanges, 0);
  wire.connection.destroy();
  await wire.connection.closed;
});

test('answers go out with their length, trailers and end', async (t) => {
  const some = (): Readable => Readable.from([Buffer.from('ab'), Buffer.from('c')]);
  const rows: Readonly<
    Record<string, [fields: readonly HeaderField[], response: HttpResponse, expected: string[]]>
  > = {
    'a known length': [
      GET,
      { ...OK, body: bodyOf(Buffer.from('abc')) },
      ['HEADERS 1 :status=200 x-a=b content-length=3', 'DATA 1 3 end'],
    ],
    'an unknown length': [
      GET,
      { ...OK, body: streamed(some()) },
      ['HEADERS 1 :status=200 x-a=b', 'DATA 1 3 end'],
    ],
    trailers: [
      GET,
      {
        ...OK,
        body: streamed(
          some(),
          3,
          new HeaderList([
            ['grpc-status', '0'],
            ['content-length', '9'],
          ]),
        ),
      },
      ['HEADERS 1 :status=200 x-a=b content-length=3', 'DATA 1 3', 'HEADERS 1 grpc-status=0 end'],
    ],
    HEAD: [
      changed(':method', 'HEAD'),
      { ...OK, body: bodyOf(Buffer.from('abc')) },
      ['HEADERS 1 :status=200 x-a=b content-length=3 end'],
    ],
    '204': [GET, { ...OK, status: 204 }, ['HEADERS 1 :status=204 x-a=b end']],
    'fields of a connection are left out': [
      GET,
      {
        ...OK,
        headers: new HeaderList([
          ['Connection', 'close'],
          ['Transfer-Encoding', 'chunked'],
          ['Upgrade', 'x'],
          ['Content-Length', '7'],
        ]),
      },
      ['HEADERS 1 :status=200 content-length=0 end'],
    ],
  };
  for (const [what, [fields, response, expected]] of Object.entries(rows)) {
    const wire = await openHttp2ServerWire({ onExchange: (exchange) => void exchange.respond(response) });
    await wire.send(wire.headers(1, fields, true));
    t.same(joined(await wire.told()), joined(expected), what);
    wire.connection.destroy();
    await wire.connection.closed;
    t.equal(wire.clock.pending, 0);
  }
});

test('malformed requests are answered or reset, and never handed on', async (t) => {
  const rows: Readonly<Record<string, [fields: readonly HeaderField[], told: string]>> = {
    CONNECT: [
      [
        [':method', 'CONNECT'],
        [':authority', 'a:1'],
      ],
      'HEADERS 1 :status=501 end',
    ],
    'a method that is no token': [changed(':method', 'G T'), 'HEADERS 1 :status=400 end'],
    'no path': [changed(':path'), 'RST 1 1'],
    'an empty path': [changed(':path', ''), 'HEADERS 1 :status=400 end'],
    'a path without a slash': [changed(':path', 'x'), 'HEADERS 1 :status=400 end'],
    'a path with a fragment': [changed(':path', '/#x'), 'HEADERS 1 :status=400 end'],
    'a path with a space': [changed(':path', '/a b'), 'HEADERS 1 :status=400 end'],
    'a path beyond ASCII': [changed(':path', '/\xe4'), 'HEADERS 1 :status=400 end'],
    'an absolute path': [changed(':path', 'http://a/'), 'HEADERS 1 :status=400 end'],
    'an asterisk with GET': [changed(':path', '*'), 'HEADERS 1 :status=400 end'],
    'a path too long': [changed(':path', `/${'x'.repeat(20_000)}`), 'HEADERS 1 :status=414 end'],
    'no scheme': [changed(':scheme'), 'RST 1 1'],
    'another scheme': [changed(':scheme', 'ftp'), 'HEADERS 1 :status=400 end'],
    'no authority': [changed(':authority'), 'HEADERS 1 :status=400 end'],
    'an empty authority': [changed(':authority', ''), 'HEADERS 1 :status=400 end'],
    'an authority with userinfo': [changed(':authority', 'u@a'), 'HEADERS 1 :status=400 end'],
    'host unlike authority': [withFields(GET, ['host', 'other']), 'HEADERS 1 :status=400 end'],
    'two hosts': [withFields(GET, ['host', 'shop:80'], ['host', 'shop:80']), 'HEADERS 1 :status=400 end'],
    'two equal lengths': [
      withFields(GET, ['content-length', '0'], ['content-length', '0']),
      'HEADERS 1 :status=400 end',
    ],
    'a length that is none': [withFields(GET, ['content-length', '+1']), 'HEADERS 1 :status=400 end'],
    'a length without a body': [withFields(GET, ['content-length', '1']), 'HEADERS 1 :status=400 end'],
    'another expectation': [withFields(GET, ['expect', 'tea']), 'HEADERS 1 :status=417 end'],
    'too many fields': [
      withFields(GET, ...Array.from({ length: 201 }, (): HeaderField => ['x', 'y'])),
      'HEADERS 1 :status=431 end',
    ],
    'too many bytes': [
      withFields(GET, ...Array.from({ length: 5 }, (): HeaderField => ['x', 'y'.repeat(7_000)])),
      'HEADERS 1 :status=431 end',
    ],
    connection: [withFields(GET, ['connection', 'close']), 'RST 1 1'],
    'transfer-encoding': [withFields(GET, ['transfer-encoding', 'chunked']), 'RST 1 1'],
    upgrade: [withFields(GET, ['upgrade', 'websocket']), 'RST 1 1'],
    'proxy-connection': [withFields(GET, ['proxy-connection', 'x']), 'RST 1 1'],
    'keep-alive': [withFields(GET, ['keep-alive', 'x']), 'RST 1 1'],
    'te other than trailers': [withFields(GET, ['te', 'gzip']), 'RST 1 1'],
    'upper case': [withFields(GET, ['X-A', 'b']), 'RST 1 1'],
    'a line break in a value': [withFields(GET, ['x', 'a\r\nb: c']), 'RST 1 1'],
    'a control character in a value': [withFields(GET, ['x', 'a\x01']), 'RST 1 1'],
    'a line break in the path': [changed(':path', '/\r\nx: y'), 'RST 1 1'],
    'a colon in a name': [withFields(GET, ['x:', 'y']), 'RST 1 1'],
    'extended CONNECT': [[[':method', 'CONNECT'], [':protocol', 'websocket'], ...GET.slice(1)], 'RST 1 1'],
  };
  for (const [what, [fields, told]] of Object.entries(rows)) {
    const wire = await openHttp2ServerWire({ limits: { maxHeadBytes: 32_768 } });
    await wire.send(wire.headers(1, fields, true));
    t.same(await wire.told(), [told], what);
    t.same(wire.exchanges, [], what);
    await wire.send(wire.headers(3, GET, true));
    t.equal(wire.exchanges.length, 1, 'others are served');
    wire.connection.destroy();
    await wire.connection.closed;
    t.equal(wire.clock.pending, 0);
  }
});

test('host alone is an authority', async (t) => {
  const wire = await openHttp2ServerWire();
  await wire.send(wire.headers(1, withFields(changed(':authority'), ['host', 'shop']), true));
  t.equal(wire.exchanges[0]?.request.authority, 'shop');
  t.notOk(wire.exchanges[0]?.request.headers.has('host'));
  wire.connection.destroy();
  await wire.connection.closed;
});

test('a body of another length than announced is malformed', async (t) => {
  for (const frames of [[data(1, 4, true)], [data(1, 6, true)], [data(1, 6)]]) {
    const wire = await openHttp2ServerWire();
    await wire.send(wire.headers(1, withFields(POST, ['content-length', '5'])));
    const [exchange] = wire.exchanges;
    const reading = exchange && readBody(exchange.request.body, 100).catch((error) => error);
    const { signal } = exchange ?? {};
    await wire.send(...frames);
    t.same(await wire.told(), ['RST 1 1']);
    t.match(await reading, { code: 'ERR_HTTP_BAD_REQUEST' });
    t.equal(signal?.aborted, true);
    t.match(wire.refusals, [{ code: 'ERR_HTTP_BAD_REQUEST' }]);
    wire.connection.destroy();
    await wire.connection.closed;
  }
});

test('trailers of a request are there at its end, those that may be', async (t) => {
  const wire = await openHttp2ServerWire();
  await wire.send(
    wire.headers(1, POST),
    data(1, 3),
    wire.headers(
      1,
      [
        ['x-sum', '3'],
        ['authorization', 'x'],
        ['content-length', '3'],
        ['host', 'b'],
      ],
      true,
    ),
  );
  const [exchange] = wire.exchanges;
  if (exchange === undefined) throw new Error('no exchange');
  await readBody(exchange.request.body, 10);
  t.same([...(exchange.request.body.trailers() ?? [])], [['x-sum', '3']]);
  wire.connection.destroy();
  await wire.connection.closed;
});

test('HEADERS in the middle of a message, or trailers that are none, end the stream', async (t) => {
  for (const [fields, end] of [
    [[['x', 'y']], false],
    [[[':status', '200']], true],
    [[['X', 'y']], true],
    [[['connection', 'close']], true],
  ] as const) {
    const wire = await openHttp2ServerWire();
    await wire.send(wire.headers(1, POST), wire.headers(1, fields, end));
    t.same(await wire.told(), ['RST 1 1']);
    t.equal(wire.exchanges[0]?.signal.aborted, true);
    wire.connection.destroy();
    await wire.connection.closed;
  }
});

test('100 and other interim answers go out before the final one only', async (t) => {
  const wire = await openHttp2ServerWire();
  const upload = withFields(POST, ['expect', '100-continue']);
  await wire.send(wire.headers(1, upload));
  const [exchange] = wire.exchanges;
  t.equal(exchange?.request.expectContinue, true);
  t.same(await wire.told(), []);
  exchange?.informational(103, new HeaderList([['link', '</a>']]));
  exchange?.request.body.stream?.resume();
  t.same(await wire.told(), ['HEADERS 1 :status=103 link=</a>', 'HEADERS 1 :status=100']);
  await wire.send(data(1, 1, true));
  await exchange?.respond(OK);
  exchange?.informational(103, new HeaderList());
  t.same(await wire.told(), ['HEADERS 1 :status=200 x-a=b content-length=0 end']);
  wire.connection.destroy();
  await wire.connection.closed;
});

test('an answer before the end of the upload tells the client to stop', async (t) => {
  const wire = await openHttp2ServerWire({ onExchange: echo });
  await wire.send(wire.headers(1, POST), data(1, 10));
  t.same(joined(await wire.told()), [
    'HEADERS 1 :status=200 content-type=text/plain; charset=utf-8 content-length=4',
    'DATA 1 4 end',
    'RST 1 0',
  ]);
  await wire.send(data(1, 10));
  t.equal(wire.connection.activeExchanges, 0);
  wire.connection.destroy();
  await wire.connection.closed;
});

test('a body that nobody wants is not let in', async (t) => {
  const wire = await openHttp2ServerWire();
  await wire.send(wire.headers(1, POST));
  wire.exchanges[0]?.request.body.stream?.destroy();
  let updates = 0;
  for (let index = 0; index < 64; index++) {
    await wire.send(data(1, 16_000));
    for (const { type, streamId } of await wire.received())
      if (type === FrameType.WINDOW_UPDATE && streamId === 1) updates += 1;
  }
  t.equal(updates, 0);
  await wire.exchanges[0]?.respond(OK);
  t.match(await wire.told(), [/^HEADERS 1 :status=200/, 'RST 1 0']);
  wire.connection.destroy();
  await wire.connection.closed;
});

test('a body that nobody reads is counted no longer than its exchange', async (t) => {
  const account = createBufferBudget().account();
  const wire = await openHttp2ServerWire({ account });
  for (const id of [1, 3, 5]) await wire.send(wire.headers(id, POST), data(id, 1_000, id !== 5));
  t.equal(account.usedBytes, 3_000);
  await wire.exchanges[0]?.respond(OK);
  t.equal(account.usedBytes, 2_000, 'answered');
  await wire.send(encodeReset(3, 8));
  t.equal(account.usedBytes, 1_000, 'given up by the client');
  wire.exchanges[2]?.abort(new Error('no'));
  t.equal(account.usedBytes, 0, 'aborted');
  wire.connection.destroy();
  await wire.connection.closed;
});

test('a client that resets is told to whoever works for it', async (t) => {
  const wire = await openHttp2ServerWire();
  await wire.send(wire.headers(1, GET, true), wire.headers(3, GET, true));
  const [waiting, answering] = wire.exchanges;
  const source = new Readable({ read: () => undefined });
  source.push('x');
  const responding = answering?.respond({ ...OK, body: streamed(source) }).catch((error) => error);
  await settle();
  await wire.send(encodeReset(1, 8), encodeReset(3, 8));
  t.match(waiting?.signal.reason, { code: 'ERR_HTTP_CUT', blame: 'downstream' });
  await t.rejects(waiting?.respond(OK) ?? Promise.resolve(), { code: 'ERR_HTTP_CUT' });
  t.match(await responding, { code: 'ERR_HTTP_CUT', blame: 'downstream' });
  t.equal(source.destroyed, true);
  t.equal(wire.connection.activeExchanges, 0);
  wire.connection.destroy();
  await wire.connection.closed;
});

test('an answer that is cut is reset, not ended', async (t) => {
  const wire = await openHttp2ServerWire();
  await wire.send(wire.headers(1, GET, true));
  const source = new Readable({ read: () => undefined });
  source.push('x');
  const responding = wire.exchanges[0]?.respond({ ...OK, body: streamed(source) }).catch((error) => error);
  await settle();
  source.destroy(new Error('upstream went away'));
  t.match(await responding, { code: 'ERR_HTTP_CUT', message: /upstream went away/ });
  t.same((await wire.told()).slice(1), ['DATA 1 1', 'RST 1 2']);
  wire.connection.destroy();
  await wire.connection.closed;
});

test('answers that HTTP does not allow are never sent, and another may be', async (t) => {
  const wire = await openHttp2ServerWire();
  await wire.send(wire.headers(1, GET, true));
  const [exchange] = wire.exchanges;
  if (exchange === undefined) throw new Error('no exchange');
  for (const response of [
    { ...OK, headers: new HeaderList([['x', 'a\r\nb']]) },
    { ...OK, headers: new HeaderList([['x', 'a\0']]) },
    { ...OK, headers: new HeaderList([['x y', 'a']]) },
    { ...OK, headers: new HeaderList([[':status', '200']]) },
    { ...OK, status: 101 },
  ])
    await t.rejects(exchange.respond(response), { code: 'ERR_HTTP_HEADER' });
  t.same(await wire.told(), []);
  await exchange.respond(OK);
  await t.rejects(exchange.respond(OK), { code: 'ERR_HTTP_STATE' });
  t.throws(() => exchange.upgrade(OK), { code: 'ERR_HTTP_STATE' });
  wire.connection.destroy();
  await wire.connection.closed;
});

test('trailers that HTTP does not allow cut the answer', async (t) => {
  const wire = await openHttp2ServerWire();
  await wire.send(wire.headers(1, GET, true));
  const trailers = new HeaderList([['x', 'a\r\nb']]);
  const responding = wire.exchanges[0]?.respond({
    ...OK,
    body: streamed(Readable.from([Buffer.from('a')]), undefined, trailers),
  });
  await t.rejects(responding ?? Promise.resolve(), { code: 'ERR_HTTP_HEADER' });
  t.equal((await wire.told()).at(-1), 'RST 1 2');
  wire.connection.destroy();
  await wire.connection.closed;
});

test('abort resets its stream alone', async (t) => {
  const wire = await openHttp2ServerWire();
  await wire.send(wire.headers(1, GET, true), wire.headers(3, GET, true));
  wire.exchanges[0]?.abort(new Error('a fault'));
  t.same(await wire.told(), ['RST 1 2']);
  await wire.exchanges[1]?.respond(OK);
  t.match(await wire.told(), [/^HEADERS 3 /]);
  wire.connection.destroy();
  await wire.connection.closed;
});

test('a slow reader holds the source of its answer, and no other', async (t) => {
  const wire = await openHttp2ServerWire();
  await wire.send(wire.headers(1, GET, true), wire.headers(3, GET, true));
  let read = 0;
  const source = new Readable({
    read() {
      read += 16_384;
      this.push(Buffer.alloc(16_384));
    },
  });
  wire.exchanges[0]?.respond({ ...OK, body: streamed(source) }).catch(() => undefined);
  await wire.received();
  await settle();
  t.ok(read < 300_000, `${read} bytes`);
  await wire.send(encodeWindowUpdate(0, 100_000));
  await wire.exchanges[1]?.respond({ ...OK, body: bodyOf(Buffer.alloc(1_000)) });
  t.match(joined(await wire.told()).at(-1), 'DATA 3 1000 end');
  wire.connection.destroy();
  await wire.connection.closed;
  t.equal(source.destroyed, true);
});

test('beyond the limit streams are refused, and may be tried elsewhere', async (t) => {
  const wire = await openHttp2ServerWire({ limits: { maxConcurrentStreams: 2 } });
  await wire.send(...[1, 3, 5].map((id) => wire.headers(id, GET, true)));
  t.same(await wire.told(), ['RST 5 7']);
  t.equal(wire.exchanges.length, 2);
  wire.connection.destroy();
  await wire.connection.closed;
});

test('rapid resets, also those that we are made to send, end the connection', async (t) => {
  const rows: Readonly<
    Record<string, (id: number, wire: Awaited<ReturnType<typeof openHttp2ServerWire>>) => Buffer[]>
  > = {
    'by the client': (id, wire) => [wire.headers(id, GET, true), encodeReset(id, 8)],
    'by DATA behind the end': (id, wire) => [wire.headers(id, GET, true), data(id, 1)],
    'by a head too large': (id, wire) => [
      wire.headers(
        id,
        withFields(GET, ...Array.from({ length: 5 }, (): HeaderField => ['x', 'y'.repeat(7_000)])),
        true,
      ),
    ],
  };
  for (const [what, make] of Object.entries(rows)) {
    const wire = await openHttp2ServerWire({ limits: { maxHeadBytes: 32_768 } });
    for (let id = 1; id < 4_000 && !wire.ended; id += 2) await wire.send(...make(id, wire));
    t.equal(wire.ended, true, what);
    t.match(wire.refusals.at(-1), { code: 'ERR_HTTP_FLOOD', blame: 'downstream' });
    t.ok(
      wire.exchanges.every(({ signal }) => signal.aborted),
      'nothing works on',
    );
    await wire.clock.advance(5_000);
    await wire.connection.closed;
  }
});

test('close lets streams end that run or are on their way', async (t) => {
  const wire = await openHttp2ServerWire();
  await wire.send(wire.headers(1, GET, true));
  void wire.connection.close();
  t.same(await wire.told(), ['GOAWAY 2147483647 0']);
  await wire.send(wire.headers(3, GET, true));
  t.equal(wire.exchanges.length, 2, 'it was on its way');
  await wire.send(frame(FrameType.PING, 0, Buffer.from('draining'), 1));
  t.same(await wire.told(), ['GOAWAY 3 0']);
  await wire.send(wire.headers(5, GET, true));
  t.equal(wire.exchanges.length, 2);
  await wire.exchanges[0]?.respond(OK);
  await wire.exchanges[1]?.respond(OK);
  await settle();
  t.equal(wire.ended, true);
  wire.peer.end();
  await wire.connection.closed;
  t.equal(wire.clock.pending, 0);
});

test('a peer that does not answer the last PING is waited for only so long', async (t) => {
  const wire = await openHttp2ServerWire();
  void wire.connection.close();
  await wire.clock.advance(2_000);
  t.same(await wire.told(), ['GOAWAY 2147483647 0', 'GOAWAY 0 0']);
  await wire.clock.advance(2_000);
  await wire.connection.closed;
  t.equal(wire.clock.pending, 0);
});

test('no preface, and no requests, end a connection in time', async (t) => {
  const silent = await openHttp2ServerWire({ greeted: false });
  await silent.clock.advance(10_000);
  await settle();
  t.equal(silent.ended, true);
  await silent.clock.advance(5_000);
  await silent.connection.closed;
  t.equal(silent.clock.pending, 0);

  const http1 = await openHttp2ServerWire({ greeted: false });
  await http1.send(Buffer.from('GET / HTTP/1.1\r\nHost: a\r\n\r\n'));
  t.match(http1.refusals, [{ code: 'ERR_HTTP_PROTOCOL' }]);
  await http1.clock.advance(5_000);
  await http1.connection.closed;

  const idle = await openHttp2ServerWire({ onExchange: echo });
  await idle.send(idle.headers(1, GET, true));
  await idle.clock.advance(3_599_000);
  t.notMatch(await idle.told(), [/GOAWAY/]);
  await idle.clock.advance(1_000);
  t.match(await idle.told(), ['GOAWAY 2147483647 0']);
  await idle.clock.advance(5_000);
  await idle.connection.closed;
  t.equal(idle.clock.pending, 0);
});

test('who neither gives nor takes for too long loses its stream', async (t) => {
  const wire = await openHttp2ServerWire();
  const length: HeaderField = ['content-length', '100000'];
  await wire.send(wire.headers(1, withFields(POST, length)), wire.headers(3, withFields(POST, length)));
  await wire.send(wire.headers(5, POST), wire.headers(7, GET, true), wire.headers(9, GET, true));
  for (const { request } of wire.exchanges.slice(0, 3))
    request.body.stream?.on('error', () => undefined).resume();
  wire.exchanges[3]?.respond({ ...OK, body: bodyOf(Buffer.alloc(200_000)) }).catch(() => undefined);
  const settings = (await wire.received()).filter(
    ({ type, length }) => type === FrameType.SETTINGS && length > 0,
  );
  await wire.send(...settings.map(() => SETTINGS_ACK));
  for (let minute = 0; minute < 8; minute++) {
    await wire.send(data(3, 10));
    await wire.clock.advance(60_000);
  }
  t.same(
    wire.exchanges.map(({ signal }) => signal.aborted),
    [true, false, false, true, false],
    'a talk that pauses, and a handler that takes its time, go on',
  );
  t.match(wire.exchanges[0]?.signal.reason, { code: 'ERR_HTTP_TIMEOUT', blame: 'downstream' });
  t.same((await wire.told()).filter((line) => line.startsWith('RST')).sort(), ['RST 1 8', 'RST 7 8']);
  wire.connection.destroy();
  await wire.connection.closed;
  t.equal(wire.clock.pending, 0);
});

test('destroy says goodbye and cuts', async (t) => {
  const wire = await openHttp2ServerWire();
  await wire.send(wire.headers(1, GET, true));
  const signal = wire.exchanges[0]?.signal;
  wire.connection.destroy(new Error('shutting down'));
  t.equal(signal?.aborted, true);
  t.same(await wire.told(), ['GOAWAY 1 0']);
  await wire.connection.closed;
  t.equal(wire.clock.pending, 0);
});

test('a settings frame alone is no request', async (t) => {
  const wire = await openHttp2ServerWire({ greeted: false });
  await wire.send(CLIENT_PREFACE, encodeSettings([]));
  t.equal(wire.connection.activeExchanges, 0);
  wire.connection.destroy();
  await wire.connection.closed;
});

test('a stream that was gone before is served as one that has ended', async (t) => {
  const [duplex] = duplexPair();
  duplex.destroy();
  await once(duplex, 'close');
  const clock = createFakeClock();
  const connection = serveHttp2(byteStream(duplex), {
    clock,
    onExchange: () => t.fail('nobody asks for anything'),
  });
  await connection.closed;
  t.equal(clock.pending, 0);
});
