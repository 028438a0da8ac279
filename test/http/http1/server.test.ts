import { Readable } from 'node:stream';
import { test } from 'tap';
import {
  bodyOf,
  HeaderList,
  type HttpBody,
  type HttpExchange,
  type HttpResponse,
  NO_BODY,
  readBody,
  textResponse,
} from '../../../src/http/index.ts';
import { openServerWire, settle } from '../support/wire.ts';

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';
const OK: HttpResponse = { status: 200, headers: new HeaderList([['x-a', 'b']]), body: NO_BODY };

/** Answers every request at once with what it asks for. */
const echo = (exchange: HttpExchange): void => {
  void exchange.respond(textResponse(200, exchange.request.target));
};

function streamed(stream: Readable, length?: number, trailers?: HeaderList): HttpBody {
  return { stream, length, trailers: () => trailers };
}

test('a request is handed on without what belongs to its connection', async (t) => {
  const wire = openServerWire({ scheme: 'https' });
  await wire.send(
    'POST /p?q HTTP/1.1\r\nHost: A:80\r\nConnection: x-hop\r\nX-Hop: 1\r\nX-Two: 2\r\nContent-Length: 5\r\n\r\nhello',
  );
  const [exchange] = wire.exchanges;
  t.match(exchange?.request, {
    version: '1.1',
    method: 'POST',
    scheme: 'https',
    authority: 'A:80',
    target: '/p?q',
    upgrade: undefined,
    expectContinue: false,
    body: { length: 5 },
  });
  t.same([...(exchange?.request.headers ?? [])], [['X-Two', '2']]);
  if (exchange !== undefined) {
    t.equal(String(await readBody(exchange.request.body, 10)), 'hello');
    t.equal(exchange.receivedBytes, 5);
    await exchange.respond(OK);
    t.equal(exchange.sentBytes, 0);
  }
  t.equal(await wire.received(), 'HTTP/1.1 200 OK\r\nx-a: b\r\ncontent-length: 0\r\n\r\n');
  t.equal(wire.connection.activeExchanges, 0);
  t.equal(await wire.finish(), 0);
});

test('answers are framed as their bodies and the client allow', async (t) => {
  const some = (): Readable => Readable.from([Buffer.from('ab'), Buffer.from('c')]);
  const trailers = new HeaderList([['x-sum', '3']]);
  const rows: Readonly<Record<string, [request: string, response: HttpResponse, expected: string]>> = {
    'a known length': [
      GET,
      { ...OK, body: bodyOf(Buffer.from('abc')) },
      'HTTP/1.1 200 OK\r\nx-a: b\r\ncontent-length: 3\r\n\r\nabc',
    ],
    'an unknown length': [
      GET,
      { ...OK, body: streamed(some()) },
      'HTTP/1.1 200 OK\r\nx-a: b\r\ntransfer-encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n',
    ],
    trailers: [
      GET,
      { ...OK, body: streamed(some(), undefined, trailers) },
      'HTTP/1.1 200 OK\r\nx-a: b\r\ntransfer-encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\nx-sum: 3\r\n\r\n',
    ],
    'announced trailers behind a known length': [
      GET,
      { status: 200, headers: new HeaderList([['trailer', 'x-sum']]), body: streamed(some(), 3, trailers) },
      'HTTP/1.1 200 OK\r\ntrailer: x-sum\r\ntransfer-encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\nx-sum: 3\r\n\r\n',
    ],
    'HTTP/1.0': [
      'GET / HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n',
      { ...OK, body: streamed(some()) },
      'HTTP/1.1 200 OK\r\nx-a: b\r\nconnection: close\r\n\r\nabc',
    ],
    'HTTP/1.0 that stays': [
      'GET / HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n',
      { ...OK, body: bodyOf(Buffer.from('abc')) },
      'HTTP/1.1 200 OK\r\nx-a: b\r\ncontent-length: 3\r\nconnection: keep-alive\r\n\r\nabc',
    ],
    'an answer to HEAD': [
      GET.replace('GET', 'HEAD'),
      { ...OK, body: bodyOf(Buffer.from('abc')) },
      'HTTP/1.1 200 OK\r\nx-a: b\r\ncontent-length: 3\r\n\r\n',
    ],
    'an answer to HEAD that another server gave': [
      GET.replace('GET', 'HEAD'),
      { ...OK, body: { ...NO_BODY, length: 7 } },
      'HTTP/1.1 200 OK\r\nx-a: b\r\ncontent-length: 7\r\n\r\n',
    ],
    '204': [GET, { ...OK, status: 204 }, 'HTTP/1.1 204 No Content\r\nx-a: b\r\n\r\n'],
    '304': [GET, { ...OK, status: 304 }, 'HTTP/1.1 304 Not Modified\r\nx-a: b\r\n\r\n'],
    'a status without a name': [
      GET,
      { ...OK, status: 299 },
      'HTTP/1.1 299 \r\nx-a: b\r\ncontent-length: 0\r\n\r\n',
    ],
    'fields of the connection are ours to write': [
      GET,
      {
        ...OK,
        headers: new HeaderList([
          ['Connection', 'close'],
          ['Transfer-Encoding', 'chunked'],
          ['Content-Length', '9'],
          ['Keep-Alive', 'x'],
        ]),
      },
      'HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n',
    ],
  };
  for (const [what, [request, response, expected]] of Object.entries(rows)) {
    const wire = openServerWire({ onExchange: (exchange) => void exchange.respond(response) });
    await wire.send(request);
    t.equal(await wire.received(), expected, what);
    t.equal(await wire.finish(), 0);
  }
});

test('requests on one connection are answered in turn, also when they come at once', async (t) => {
  const wire = openServerWire({ onExchange: echo });
  await wire.send(
    'GET /1 HTTP/1.1\r\nHost: a\r\n\r\nPOST /2 HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nab',
  );
  await wire.send(
    'GET /3 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\nGET /4 HTTP/1.1\r\nHost: a\r\n\r\n',
  );
  const text = await wire.received();
  t.same(text.match(/\/\d$|\/\d(?=HTTP)/g), ['/1', '/2', '/3'], 'nothing behind the last one');
  t.equal(wire.ended, true);
  t.equal(await wire.finish(), 0);
});

test('a second request waits until the first is answered', async (t) => {
  const wire = openServerWire();
  await wire.send(GET + GET);
  t.equal(wire.exchanges.length, 1);
  await wire.exchanges[0]?.respond(OK);
  await settle();
  t.equal(wire.exchanges.length, 2);
  await wire.exchanges[1]?.respond(OK);
  t.equal(await wire.finish(), 0);
});

test('of what a client sends ahead, little is taken', async (t) => {
  const wire = openServerWire({ limits: { maxPipelinedBytes: 2048 } });
  const request = `GET / HTTP/1.1\r\nHost: a\r\nx: ${'y'.repeat(400)}\r\n\r\n`;
  let accepted = 0;
  for (let index = 0; index < 1_000 && !wire.client.writableNeedDrain; index++) {
    wire.client.write(request);
    accepted += request.length;
    await settle();
  }
  t.ok(accepted < 300_000, `${accepted} bytes`);
  let answered = 0;
  while (wire.exchanges.length > answered) {
    await wire.exchanges[answered]?.respond(OK);
    answered += 1;
    await settle();
  }
  t.equal(answered, accepted / request.length, 'each is answered in the end');
  t.equal(await wire.finish(), 0);
});

test('a request that cannot be taken is answered and ends its connection', async (t) => {
  const rows: Readonly<Record<string, [text: string, status: number, code: string]>> = {
    'two framings': [
      'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      400,
      'ERR_HTTP_BAD_REQUEST',
    ],
    'a large head': [`GET / HTTP/1.1\r\nx: ${'y'.repeat(70_000)}`, 431, 'ERR_HTTP_HEAD_TOO_LARGE'],
    'a long target': [`GET /${'y'.repeat(20_000)} HTTP/1.1\r\n\r\n`, 414, 'ERR_HTTP_TARGET_TOO_LONG'],
    'another version': ['GET / HTTP/3.0\r\n\r\n', 505, 'ERR_HTTP_VERSION'],
    CONNECT: ['CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n', 501, 'ERR_HTTP_METHOD'],
    'HTTP/1.0 without Host': ['GET / HTTP/1.0\r\n\r\n', 400, 'ERR_HTTP_BAD_REQUEST'],
  };
  for (const [what, [text, status, code]] of Object.entries(rows)) {
    const wire = openServerWire({ onExchange: echo });
    await wire.send(text);
    await wire.send(GET);
    const answer = await wire.received();
    t.match(answer, new RegExp(`^HTTP/1\\.1 ${status} [^\r\n]+\r\n`), what);
    t.match(answer, /\r\nconnection: close\r\n\r\n/, what);
    t.notMatch(answer, /\nHTTP\/1\.1 /, 'and nothing behind it');
    t.match(wire.refusals, [{ code, status, blame: 'downstream' }], what);
    t.equal(wire.ended, true, what);
    t.equal(await wire.finish(), 0);
  }
});

test('what a refusal says cannot break out of its place', async (t) => {
  const wire = openServerWire();
  await wire.send('GET / HTTP/1.1\r\nHost: a\r\n\xe4\r\nInjected: x\r\n\r\n');
  const answer = await wire.received();
  t.match(answer, /^HTTP\/1\.1 400 /);
  t.notMatch(answer, /\r\ninjected/i);
  t.equal(await wire.finish(), 0);
});

test('HTTP/1.0 without Host is taken where there is an authority to fall back to', async (t) => {
  const wire = openServerWire({ fallbackAuthority: 'shop:80' });
  await wire.send('GET / HTTP/1.0\r\n\r\n');
  t.equal(wire.exchanges[0]?.request.authority, 'shop:80');
  await wire.exchanges[0]?.respond(OK);
  t.equal(await wire.finish(), 0);
});

test('answers that HTTP does not allow are never sent, and another may be', async (t) => {
  const wire = openServerWire();
  await wire.send(GET);
  const [exchange] = wire.exchanges;
  if (exchange === undefined) throw new Error('no exchange');
  const bad: readonly HttpResponse[] = [
    { ...OK, headers: new HeaderList([['x', 'a\r\nset-cookie: b']]) },
    { ...OK, headers: new HeaderList([['x', 'a\0']]) },
    { ...OK, headers: new HeaderList([['x', 'a\nb']]) },
    { ...OK, headers: new HeaderList([['x', '\u20ac']]) },
    { ...OK, headers: new HeaderList([['x y', 'a']]) },
    { ...OK, headers: new HeaderList([['', 'a']]) },
    { ...OK, status: 100 },
    { ...OK, status: 99 },
    { ...OK, status: 600 },
    { ...OK, status: 200.5 },
  ];
  for (const response of bad) await t.rejects(exchange.respond(response), { code: 'ERR_HTTP_HEADER' });
  t.equal(await wire.received(), '');
  await exchange.respond(OK);
  t.match(await wire.received(), /^HTTP\/1\.1 200 OK/);
  await t.rejects(exchange.respond(OK), { code: 'ERR_HTTP_STATE' });
  t.equal(await wire.finish(), 0);
});

test('100 is sent when somebody begins to read, unless it was said before', async (t) => {
  const upload = 'PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n';
  const wire = openServerWire();
  await wire.send(upload);
  const [first] = wire.exchanges;
  t.equal(first?.request.expectContinue, true);
  t.equal(await wire.received(), '', 'not by itself');
  first?.request.body.stream?.resume();
  t.equal(await wire.received(), 'HTTP/1.1 100 Continue\r\n\r\n');
  await wire.send('ab');
  await first?.respond(OK);
  t.match(await wire.received(), /^HTTP\/1\.1 200 OK/);

  await wire.send(upload);
  const second = wire.exchanges[1];
  second?.informational(100, new HeaderList());
  second?.informational(103, new HeaderList([['link', '</a>']]));
  second?.request.body.stream?.resume();
  t.equal(
    await wire.received(),
    'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n',
  );
  await wire.send('ab');
  await second?.respond(OK);
  await wire.received();

  await wire.send(`${upload}ab`);
  const third = wire.exchanges[2];
  await settle();
  third?.request.body.stream?.resume();
  await third?.respond(OK);
  t.match(await wire.received(), /^HTTP\/1\.1 (?:100|200) /);
  t.equal(await wire.finish(), 0);
});

test('a client that was never told to go on is answered and let go', async (t) => {
  const wire = openServerWire({ onExchange: echo });
  await wire.send('PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n');
  t.match(await wire.received(), /^HTTP\/1\.1 200 OK\r\n.*connection: close\r\n\r\n/s);
  await wire.send(GET);
  t.equal(await wire.received(), '', 'what follows could be body or request');
  t.equal(await wire.finish(), 0);
});

test('who reads a body that will not come is told so when the answer is out', async (t) => {
  const wire = openServerWire();
  await wire.send('PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n');
  const [exchange] = wire.exchanges;
  const responding = exchange?.respond(OK);
  const reading = exchange && readBody(exchange.request.body, 10).catch((error) => error);
  await responding;
  t.match(await reading, { code: 'ERR_HTTP_CUT' });
  t.equal(await wire.finish(), 0);
});

test('interim answers go to no client of HTTP/1.0', async (t) => {
  const wire = openServerWire();
  await wire.send('POST / HTTP/1.0\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n');
  wire.exchanges[0]?.informational(103, new HeaderList());
  wire.exchanges[0]?.request.body.stream?.resume();
  t.equal(await wire.received(), '');
  await wire.send('ab');
  await wire.exchanges[0]?.respond(OK);
  t.equal(await wire.finish(), 0);
});

test('an upgraded connection carries the bytes that came with its request, and any behind', async (t) => {
  const wire = openServerWire();
  await wire.send('GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nearly ');
  const [exchange] = wire.exchanges;
  t.equal(exchange?.request.upgrade, 'websocket');
  const tunnel = exchange?.upgrade({
    status: 101,
    headers: new HeaderList([['sec-websocket-accept', 'x']]),
    body: NO_BODY,
  });
  const got: string[] = [];
  tunnel?.duplex.on('data', (chunk: Buffer) => got.push(String(chunk)));
  tunnel?.duplex.resume();
  tunnel?.duplex.write('down');
  await wire.send('late');
  t.equal(
    await wire.received(),
    'HTTP/1.1 101 Switching Protocols\r\nsec-websocket-accept: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\ndown',
  );
  t.equal(got.join(''), 'early late');
  tunnel?.duplex.end();
  t.equal(await wire.finish(), 0);
});

test('nobody is upgraded who did not ask', async (t) => {
  const wire = openServerWire();
  await wire.send(GET);
  t.throws(() => wire.exchanges[0]?.upgrade({ ...OK, status: 101 }), { code: 'ERR_HTTP_STATE' });
  await wire.exchanges[0]?.respond(OK);
  t.equal(await wire.finish(), 0);
});

test('an answer before the end of the upload: the rest is thrown away, up to a bound', async (t) => {
  const head = 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n';
  const wire = openServerWire({ onExchange: echo, limits: { maxDrainedBytes: 1_000 } });
  await wire.send(`${head}5\r\nhello\r\n`);
  t.match(await wire.received(), /^HTTP\/1\.1 200 OK/);
  await wire.send(`5\r\nhello\r\n0\r\n\r\n${GET}`);
  t.match(await wire.received(), /^HTTP\/1\.1 200 OK/, 'the connection goes on');
  await wire.send(head);
  t.match(await wire.received(), /^HTTP\/1\.1 200 OK/);
  await wire.send(`800\r\n${'x'.repeat(2048)}\r\n`);
  await settle();
  t.equal(wire.ended, true);
  t.equal(await wire.finish(), 0);

  const long = openServerWire({ onExchange: echo, limits: { maxDrainedBytes: 1_000 } });
  await long.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1001\r\n\r\n');
  t.match(await long.received(), /connection: close/, 'a length beyond it is not even begun');
  t.equal(await long.finish(), 0);
});

test('a client that never finishes what is thrown away is let go', async (t) => {
  const wire = openServerWire({ onExchange: echo });
  await wire.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nx');
  await wire.clock.advance(2_000);
  await settle();
  t.equal(wire.ended, true);
  await wire.clock.advance(2_000);
  await wire.connection.closed;
  t.equal(wire.clock.pending, 0);
});

test('a half-closed client gets its answer', async (t) => {
  const wire = openServerWire();
  await wire.send(GET);
  wire.client.end();
  await settle();
  t.equal(wire.exchanges[0]?.signal.aborted, false);
  await wire.exchanges[0]?.respond(OK);
  t.match(await wire.received(), /^HTTP\/1\.1 200 OK/);
  await wire.connection.closed;
  t.equal(wire.clock.pending, 0);
});

test('half a request is no request', async (t) => {
  const head = openServerWire();
  await head.send('GET / HTTP/1.1\r\nHost: a\r\n');
  t.equal(await head.finish(), 0);
  t.same(head.exchanges, []);

  const body = openServerWire();
  await body.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhello');
  const [exchange] = body.exchanges;
  const { signal } = exchange ?? {};
  const reading = exchange && readBody(exchange.request.body, 100).catch((error) => error);
  body.client.end();
  t.match(await reading, { code: 'ERR_HTTP_CUT', blame: 'downstream' });
  t.equal(signal?.aborted, true);
  await t.rejects(exchange?.respond(OK) ?? Promise.resolve(), { code: 'ERR_HTTP_CUT' });
  await body.connection.closed;
  t.equal(body.clock.pending, 0);
});

test('malformed chunks end the body with the error, and the client is told', async (t) => {
  const wire = openServerWire({
    onExchange: (exchange) => {
      readBody(exchange.request.body, 100).catch((error) =>
        exchange.respond(textResponse(error.status, 'bad')),
      );
    },
  });
  await wire.send('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nxy\r\n');
  t.match(await wire.received(), /^HTTP\/1\.1 400 .*connection: close/s);
  t.match(wire.refusals, [{ code: 'ERR_HTTP_BAD_REQUEST' }]);
  await wire.send(GET);
  t.equal(await wire.received(), '');
  t.equal(await wire.finish(), 0);
});

test('a client that goes away is told to whoever works for it', async (t) => {
  const wire = openServerWire();
  await wire.send(GET);
  const [exchange] = wire.exchanges;
  const source = new Readable({ read: () => undefined });
  source.push('x');
  const responding = exchange?.respond({ ...OK, body: streamed(source) });
  await settle();
  wire.client.destroy();
  wire.stream.duplex.destroy();
  await t.rejects(responding ?? Promise.resolve(), { code: 'ERR_HTTP_CUT', blame: 'downstream' });
  t.equal(exchange?.signal.aborted, true, 'also when nobody had asked before');
  t.equal(source.destroyed, true);
  await wire.connection.closed;
  t.equal(wire.clock.pending, 0);
});

test('an answer that is cut is not ended', async (t) => {
  const wire = openServerWire();
  await wire.send(GET);
  const source = new Readable({ read: () => undefined });
  source.push('x');
  const responding = wire.exchanges[0]?.respond({ ...OK, body: streamed(source) });
  await settle();
  source.destroy(new Error('upstream went away'));
  await t.rejects(responding ?? Promise.resolve(), { code: 'ERR_HTTP_CUT', message: /upstream went away/ });
  t.equal(wire.stream.resets.length, 1);
  t.notMatch(await wire.received(), /\r\n0\r\n/);
  await wire.connection.closed;
  t.equal(wire.clock.pending, 0);
});

test('an answer that is longer or shorter than it said is cut', async (t) => {
  for (const [length, content] of [
    [5, 'abc'],
    [2, 'abc'],
  ] as const) {
    const wire = openServerWire();
    await wire.send(GET);
    const responding = wire.exchanges[0]?.respond({
      ...OK,
      body: streamed(Readable.from([Buffer.from(content)]), length),
    });
    await t.rejects(responding ?? Promise.resolve(), { code: 'ERR_HTTP_BODY_LENGTH' });
    t.equal(wire.stream.resets.length, 1);
    const [, sent = ''] = (await wire.received()).split('\r\n\r\n');
    t.ok(sent.length <= length, 'never more than it said');
    await wire.connection.closed;
    t.equal(wire.clock.pending, 0);
  }
});

test('trailers that HTTP does not allow cut the answer', async (t) => {
  const wire = openServerWire();
  await wire.send(GET);
  const trailers = new HeaderList([['x', 'a\r\nb']]);
  const responding = wire.exchanges[0]?.respond({
    ...OK,
    body: streamed(Readable.from([Buffer.from('a')]), undefined, trailers),
  });
  await t.rejects(responding ?? Promise.resolve(), { code: 'ERR_HTTP_HEADER' });
  t.notMatch(await wire.received(), /\r\n0\r\n/);
  t.equal(wire.stream.resets.length, 1);
});

test('abort resets the connection', async (t) => {
  const wire = openServerWire();
  await wire.send(GET);
  const signal = wire.exchanges[0]?.signal;
  wire.exchanges[0]?.abort(new Error('a fault to inject'));
  t.match(wire.stream.resets, [{ code: 'ERR_HTTP_ABORTED', cause: { message: 'a fault to inject' } }]);
  t.equal(signal?.aborted, true);
  await wire.connection.closed;
  t.equal(wire.clock.pending, 0);
});

test('a slow reader holds the source of its answer', async (t) => {
  const wire = openServerWire();
  wire.client.pause();
  await wire.send(GET);
  let read = 0;
  const source = new Readable({
    read() {
      read += 16_384;
      this.push(Buffer.alloc(16_384));
    },
  });
  const responding = wire.exchanges[0]?.respond({ ...OK, body: streamed(source) }).catch((error) => error);
  await settle();
  await settle();
  t.ok(read < 400_000, `${read} bytes`);
  await wire.clock.advance(300_000);
  t.match(await responding, { code: 'ERR_HTTP_TIMEOUT' }, 'and is let go in the end');
  t.equal(source.destroyed, true);
  await wire.connection.closed;
  t.equal(wire.clock.pending, 0);
});

test('a body that nobody reads is not read', async (t) => {
  const wire = openServerWire();
  wire.client.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000000\r\n\r\n');
  let sent = 0;
  while (!wire.client.writableNeedDrain && sent < 10_000_000) {
    wire.client.write(Buffer.alloc(65_536));
    sent += 65_536;
    await settle();
  }
  t.ok(sent < 1_000_000, `${sent} bytes`);
  let got = 0;
  wire.exchanges[0]?.request.body.stream?.on('data', (chunk: Buffer) => {
    got += chunk.length;
  });
  await settle();
  await settle();
  t.equal(got > sent - 65_536, true, 'and all of it is, once somebody does');
  wire.connection.destroy();
  await wire.connection.closed;
  t.equal(wire.clock.pending, 0);
});

test('slow heads, slow bodies and idle connections are let go', async (t) => {
  const head = openServerWire();
  await head.clock.advance(3_000_000);
  await head.send('GET / HT');
  await head.clock.advance(9_000);
  await head.send('TP/1.1\r\n');
  await head.clock.advance(999);
  t.equal(await head.received(), '');
  await head.clock.advance(1);
  t.match(await head.received(), /^HTTP\/1\.1 408 /, '10 s for the whole of it');
  t.match(head.refusals, [{ code: 'ERR_HTTP_TIMEOUT', status: 408 }]);
  t.equal(await head.finish(), 0);

  const body = openServerWire();
  await body.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n');
  const [exchange] = body.exchanges;
  const reading = exchange && readBody(exchange.request.body, 100).catch((error) => error);
  await body.clock.advance(299_000);
  await body.send('x');
  await body.clock.advance(299_000);
  await body.send('x');
  await body.clock.advance(300_000);
  t.match(await reading, { code: 'ERR_HTTP_TIMEOUT', status: 408 });
  await exchange?.respond(textResponse(408, ''));
  t.match(await body.received(), /^HTTP\/1\.1 408 .*connection: close/s);
  t.equal(await body.finish(), 0);

  const idle = openServerWire({ onExchange: echo });
  await idle.send(GET);
  await idle.received();
  await idle.clock.advance(3_599_000);
  t.equal(idle.ended, false);
  await idle.clock.advance(1_000);
  await settle();
  t.equal(idle.ended, true);
  t.equal(await idle.received(), '');
  t.equal(await idle.finish(), 0);
});

test('a body that comes too slowly is cut, where that is wanted, but not for a slow reader here', async (t) => {
  const limits = { minBodyBytesPerSecond: 100 };
  const head = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n';
  const slow = openServerWire({ limits });
  await slow.send(head);
  const reading =
    slow.exchanges[0] && readBody(slow.exchanges[0].request.body, 1 << 20).catch((error) => error);
  for (let second = 0; second < 30; second++) {
    await slow.send('x'.repeat(second < 15 ? 110 : 90));
    await slow.clock.advance(1_000);
  }
  t.match(await reading, { code: 'ERR_HTTP_TIMEOUT' });
  slow.connection.destroy();
  await slow.connection.closed;

  const held = openServerWire({ limits });
  await held.send(head);
  const body = held.exchanges[0]?.request.body.stream;
  body?.once('data', () => body.pause());
  for (let index = 0; index < 10; index++) await held.send(Buffer.alloc(20_000));
  await held.clock.advance(600_000);
  t.equal(body?.destroyed, false);
  held.connection.destroy();
  await held.connection.closed;
  t.equal(held.clock.pending, 0);
});

test('a handler that takes its time is nobody’s fault', async (t) => {
  const wire = openServerWire();
  await wire.send(GET);
  await wire.clock.advance(86_400_000);
  t.equal(wire.exchanges[0]?.signal.aborted, false);
  await wire.exchanges[0]?.respond(OK);
  t.match(await wire.received(), /^HTTP\/1\.1 200 OK/);
  t.equal(await wire.finish(), 0);
});

test('close takes what is under way to its end, and says in the answer that it was the last', async (t) => {
  const idle = openServerWire();
  const closing = idle.connection.close();
  await idle.clock.advance(4_999);
  t.equal(idle.ended, false, 'a request may be on its way');
  await idle.clock.advance(1);
  t.equal(idle.ended, true);
  idle.client.end();
  await closing;
  t.equal(idle.clock.pending, 0);

  const busy = openServerWire();
  await busy.send(GET);
  void busy.connection.close();
  await settle();
  t.equal(busy.ended, false);
  await busy.exchanges[0]?.respond(OK);
  t.match(await busy.received(), /connection: close/);
  t.equal(busy.ended, true);
  t.equal(await busy.finish(), 0);

  const late = openServerWire();
  void late.connection.close();
  await late.clock.advance(4_000);
  await late.send(GET);
  await late.clock.advance(60_000);
  await late.exchanges[0]?.respond(OK);
  t.match(await late.received(), /^HTTP\/1\.1 200 OK[\s\S]*connection: close/);
  t.equal(late.ended, true);
  t.equal(await late.finish(), 0);
});

test('a client that never ends its half is let go all the same', async (t) => {
  const wire = openServerWire({ onExchange: echo });
  await wire.send('GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
  await wire.clock.advance(2_000);
  await wire.connection.closed;
  t.equal(wire.clock.pending, 0);
});

test('destroy cuts, and tells whoever works for the client', async (t) => {
  const wire = openServerWire();
  await wire.send(GET);
  const signal = wire.exchanges[0]?.signal;
  wire.connection.destroy(new Error('shutting down'));
  t.match(signal?.reason, { code: 'ERR_HTTP_CONNECTION_CLOSED', cause: { message: 'shutting down' } });
  await wire.connection.closed;
  wire.connection.destroy();
  t.equal(wire.clock.pending, 0);
});
