import { Readable } from 'node:stream';
import { test } from 'tap';
import {
  bodyOf,
  HeaderList,
  type HttpBody,
  type HttpOptions,
  type HttpRequest,
  readBody,
  type SendOptions,
} from '../../../src/http/index.ts';
import { requestOf } from '../support/requests.ts';
import { type ClientWire, openClientWire, settle } from '../support/wire.ts';

const EMPTY = 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n';

function streamed(stream: Readable, length?: number, trailers?: HeaderList): HttpBody {
  return { stream, length, trailers: () => trailers };
}

/** Sends a request, gives the answer, and says what came of it: status and body, or the error. */
async function exchange(
  wire: ClientWire,
  answer: string,
  request: HttpRequest = requestOf(),
  options?: SendOptions,
): Promise<unknown> {
  const sending = wire.connection.send(request, options).then(
    async (response) => [
      response.status,
      String(await readBody(response.body, 1_000_000).catch((error) => error.code)),
    ],
    (error) => error,
  );
  await settle();
  await wire.send(answer);
  return sending;
}

test('requests go out framed as their bodies are', async (t) => {
  const some = (): Readable => Readable.from([Buffer.from('ab'), Buffer.from('c')]);
  const rows: Readonly<Record<string, [request: HttpRequest, expected: string]>> = {
    'no body': [
      requestOf({ target: '/p?q', headers: new HeaderList([['X-A', 'b']]) }),
      'GET /p?q HTTP/1.1\r\nHost: shop:80\r\nX-A: b\r\n\r\n',
    ],
    'no body where one is expected': [
      requestOf({ method: 'POST' }),
      'POST / HTTP/1.1\r\nHost: shop:80\r\ncontent-length: 0\r\n\r\n',
    ],
    'a known length': [
      requestOf({ method: 'PUT', body: bodyOf(Buffer.from('abc')) }),
      'PUT / HTTP/1.1\r\nHost: shop:80\r\ncontent-length: 3\r\n\r\nabc',
    ],
    'an unknown length, with trailers': [
      requestOf({ method: 'PUT', body: streamed(some(), undefined, new HeaderList([['x-sum', '3']])) }),
      'PUT / HTTP/1.1\r\nHost: shop:80\r\ntransfer-encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\nx-sum: 3\r\n\r\n',
    ],
    'TE and an upgrade': [
      requestOf({ headers: new HeaderList([['te', 'trailers']]), upgrade: 'websocket' }),
      'GET / HTTP/1.1\r\nHost: shop:80\r\nte: trailers\r\nupgrade: websocket\r\nconnection: te, upgrade\r\n\r\n',
    ],
    'fields of the connection are ours to write': [
      requestOf({
        headers: new HeaderList([
          ['Host', 'evil'],
          ['Connection', 'close'],
          ['Transfer-Encoding', 'chunked'],
          ['Content-Length', '5'],
          ['TE', 'gzip'],
          ['Expect', '100-continue'],
        ]),
      }),
      'GET / HTTP/1.1\r\nHost: shop:80\r\n\r\n',
    ],
    'OPTIONS *': [
      requestOf({ method: 'OPTIONS', target: '*' }),
      'OPTIONS * HTTP/1.1\r\nHost: shop:80\r\n\r\n',
    ],
  };
  for (const [what, [request, expected]] of Object.entries(rows)) {
    const wire = openClientWire();
    const sending = wire.connection.send(request);
    t.equal(await wire.received(), expected, what);
    await wire.send(EMPTY);
    t.equal((await sending).status, 200);
    t.equal(await wire.finish(), 0);
  }
});

test('requests that HTTP does not allow are never sent', async (t) => {
  const wire = openClientWire();
  const rows: readonly Partial<HttpRequest>[] = [
    { method: 'GET / HTTP/1.1\r\nx:' },
    { method: '' },
    { method: 'G T' },
    { method: 'CONNECT', target: '/' },
    { target: '/a b' },
    { target: '/a\r\nx: y' },
    { target: '/#a' },
    { target: '/\xe4' },
    { target: '*' },
    { target: 'x' },
    { target: '' },
    { authority: '' },
    { authority: 'a b' },
    { authority: 'a\r\nx: y' },
    { authority: 'u@a' },
    { headers: new HeaderList([['x', 'y\r\nz: a']]) },
    { headers: new HeaderList([['x\r\ny', 'z']]) },
    { headers: new HeaderList([['x', '\0']]) },
    { headers: new HeaderList([['x:', 'y']]) },
  ];
  for (const parts of rows)
    await t.rejects(
      wire.connection.send(requestOf(parts)),
      { code: 'ERR_HTTP_HEADER' },
      JSON.stringify(parts),
    );
  t.equal(await wire.received(), '');
  t.equal(wire.connection.state, 'open');
  t.equal(await wire.finish(), 0);
});

test('answers are read as they are framed', async (t) => {
  const rows: Readonly<
    Record<string, [answer: string, expected: unknown, after: string, request?: HttpRequest]>
  > = {
    'a length': ['HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc', [200, 'abc'], 'open'],
    chunks: [
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n',
      [200, 'abc'],
      'open',
    ],
    nothing: ['HTTP/1.1 204 No Content\r\n\r\n', [204, ''], 'open'],
    'an answer to HEAD': [
      'HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n',
      [200, ''],
      'open',
      requestOf({ method: 'HEAD' }),
    ],
    'interim answers before': [
      `HTTP/1.1 102 Wait\r\n\r\nHTTP/1.1 103 Hints\r\n\r\n${EMPTY}`,
      [200, ''],
      'open',
    ],
    'a server that closes': [
      'HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 3\r\n\r\nabc',
      [200, 'abc'],
      'draining',
    ],
    'a server of HTTP/1.0': ['HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nabc', [200, 'abc'], 'draining'],
    'a server of HTTP/1.0 that stays': [
      'HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 3\r\n\r\nabc',
      [200, 'abc'],
      'open',
    ],
    'bytes behind the answer': ['HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabcd', [200, 'abc'], 'draining'],
    'a second answer': [EMPTY + EMPTY, [200, ''], 'draining'],
  };
  for (const [what, [answer, expected, after, request]] of Object.entries(rows)) {
    const wire = openClientWire();
    t.same(await exchange(wire, answer, request), expected, what);
    t.equal(wire.connection.state, after, what);
    t.equal(wire.connection.activeRequests, 0);
    t.equal(await wire.finish(), 0, what);
  }
});

test('a body that ends with its connection', async (t) => {
  const wire = openClientWire();
  const result = exchange(wire, 'HTTP/1.1 200 OK\r\n\r\nabc');
  await settle();
  wire.server.end('def');
  t.same(await result, [200, 'abcdef']);
  t.equal(await wire.finish(), 0);

  const cut = openClientWire();
  const truncated = exchange(cut, 'HTTP/1.1 200 OK\r\n\r\nabc');
  await settle();
  cut.stream.duplex.destroy();
  t.same(await truncated, [200, 'ERR_HTTP_CUT'], 'a reset is no end');
  await cut.connection.closed;
});

test('trailers are known at the end', async (t) => {
  const wire = openClientWire();
  const sending = wire.connection.send(requestOf());
  await wire.send(
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nX-Sum: 1\r\nHost: b\r\n\r\n',
  );
  const { body } = await sending;
  t.equal(body.trailers(), undefined);
  await readBody(body, 10);
  t.same([...(body.trailers() ?? [])], [['X-Sum', '1']]);
  t.equal(await wire.finish(), 0);
});

test('answers that break the rules are the server’s fault and end the connection', async (t) => {
  const rows: Readonly<Record<string, [answer: string, limits?: HttpOptions]>> = {
    'two framings': ['HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n'],
    'two lengths': ['HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\n'],
    garbage: ['\x15\x03\x01'],
    'a change of protocol that nobody asked for': [
      'HTTP/1.1 101 Switching\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n',
    ],
    'interim answers without end': ['HTTP/1.1 103 Hints\r\n\r\n'.repeat(17)],
    'a large head': [`HTTP/1.1 200 OK\r\nx: ${'y'.repeat(2048)}`, { maxHeadBytes: 1024 }],
  };
  for (const [what, [answer, limits]] of Object.entries(rows)) {
    const wire = openClientWire(limits);
    t.match(await exchange(wire, answer), { blame: 'upstream', retryable: false }, what);
    t.equal(wire.stream.resets.length, 1, what);
    await wire.connection.closed;
    t.equal(wire.clock.pending, 0);
  }
  const wire = openClientWire();
  t.same(
    await exchange(wire, 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc'),
    [200, 'ERR_HTTP_BAD_RESPONSE'],
    'bad chunks',
  );
  await wire.connection.closed;
});

test('an answer that is shorter than it said is cut', async (t) => {
  for (const answer of [
    'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n',
  ]) {
    const wire = openClientWire();
    const result = exchange(wire, answer);
    await settle();
    wire.server.end();
    t.same(await result, [200, 'ERR_HTTP_CUT']);
    await wire.connection.closed;
    t.equal(wire.clock.pending, 0);
  }
});

test('a connection that ends before an answer is told apart from one that was stale', async (t) => {
  const fresh = openClientWire();
  const first = exchange(fresh, '');
  fresh.server.end();
  t.match(await first, { code: 'ERR_HTTP_CUT', blame: 'upstream', retryable: false });
  await fresh.connection.closed;

  const kept = openClientWire();
  await exchange(kept, EMPTY);
  const second = exchange(kept, '');
  kept.server.end();
  t.match(await second, { code: 'ERR_HTTP_STALE', blame: 'upstream' });
  await kept.connection.closed;

  const begun = openClientWire();
  await exchange(begun, EMPTY);
  const third = exchange(begun, 'HTTP/1.1 200 OK\r\n');
  await settle();
  begun.server.end();
  t.match(await third, { code: 'ERR_HTTP_CUT' });
  await begun.connection.closed;
});

test('a connection that cannot take a request says so, and it may go elsewhere', async (t) => {
  const wire = openClientWire();
  let changes = 0;
  wire.connection.changes.subscribe(() => {
    changes += 1;
  });
  const first = wire.connection.send(requestOf());
  t.equal(wire.connection.activeRequests, 1);
  t.equal(wire.connection.capacity, 1);
  t.equal(changes, 1);
  const body = bodyOf(Buffer.from('x'));
  await t.rejects(wire.connection.send(requestOf({ body })), {
    code: 'ERR_HTTP_CONNECTION_FULL',
    retryable: true,
  });
  t.equal(body.stream?.destroyed, false, 'its body is left alone');
  await wire.send(EMPTY);
  await first;
  t.equal(changes, 2);
  wire.server.end();
  await settle();
  t.not(wire.connection.state, 'open');
  await t.rejects(wire.connection.send(requestOf()), { code: 'ERR_HTTP_CONNECTION_CLOSED', retryable: true });
  await wire.connection.closed;
  t.equal(wire.connection.state, 'closed');
  await t.rejects(wire.connection.send(requestOf()), { code: 'ERR_HTTP_CONNECTION_CLOSED', retryable: true });
  t.equal(wire.clock.pending, 0);
});

test('bytes on a connection that waits for nothing end it', async (t) => {
  const wire = openClientWire();
  await wire.send(EMPTY);
  t.equal(wire.connection.state, 'closed');
  t.match(wire.stream.resets, [{ code: 'ERR_HTTP_BAD_RESPONSE' }]);
});

test('who gives a request up cuts its connection', async (t) => {
  const abort = new AbortController();
  const wire = openClientWire();
  const upload = new Readable({ read: () => undefined });
  const sending = wire.connection.send(requestOf({ method: 'PUT', body: streamed(upload) }), {
    signal: abort.signal,
  });
  await settle();
  abort.abort(new Error('too late'));
  await t.rejects(sending, { code: 'ERR_HTTP_ABORTED', blame: 'downstream', cause: { message: 'too late' } });
  t.equal(upload.destroyed, true);
  t.equal(wire.stream.resets.length, 1);
  await wire.connection.closed;
  await t.rejects(openClientWire().connection.send(requestOf(), { signal: abort.signal }), {
    code: 'ERR_HTTP_ABORTED',
  });

  const during = new AbortController();
  const second = openClientWire();
  const answered = second.connection.send(requestOf(), { signal: during.signal });
  await second.send('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab');
  const reading = readBody((await answered).body, 10).catch((error) => error);
  during.abort();
  t.match(await reading, { code: 'ERR_HTTP_ABORTED' });
  await second.connection.closed;

  const third = openClientWire();
  const dropped = third.connection.send(requestOf());
  await third.send('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab');
  (await dropped).body.stream?.destroy();
  await third.connection.closed;
  t.match(third.stream.resets, [{ code: 'ERR_HTTP_ABORTED' }]);
});

test('a signal is let go of when the exchange is over', async (t) => {
  const abort = new AbortController();
  const wire = openClientWire();
  const sending = wire.connection.send(requestOf(), { signal: abort.signal });
  await wire.send(EMPTY);
  await sending;
  abort.abort();
  t.equal(wire.connection.state, 'open');
  t.equal(await wire.finish(), 0);
});

test('the body waits for a 100, for the answer, or for a second', async (t) => {
  const upload = (): HttpRequest =>
    requestOf({ method: 'PUT', body: bodyOf(Buffer.from('abc')), expectContinue: true });
  const head = 'PUT / HTTP/1.1\r\nHost: shop:80\r\ncontent-length: 3\r\nexpect: 100-continue\r\n\r\n';

  const told = openClientWire();
  const seen: number[] = [];
  const first = told.connection.send(upload(), { onInformational: (status) => seen.push(status) });
  t.equal(await told.received(), head);
  await told.send('HTTP/1.1 100 Continue\r\n\r\n');
  t.equal(await told.received(), 'abc');
  await told.send(EMPTY);
  t.equal((await first).status, 200);
  t.same(seen, [100]);
  t.equal(told.connection.state, 'open');
  t.equal(await told.finish(), 0);

  const refused = openClientWire();
  t.same(await exchange(refused, 'HTTP/1.1 413 No\r\nContent-Length: 0\r\n\r\n', upload()), [413, '']);
  t.equal(await refused.received(), head);
  t.equal(refused.connection.state, 'draining', 'the server still waits for a body');
  t.equal(await refused.finish(), 0);

  const silent = openClientWire();
  const third = silent.connection.send(upload());
  await silent.received();
  await silent.clock.advance(1_000);
  t.equal(await silent.received(), 'abc');
  await silent.send(EMPTY);
  await third;
  t.equal(await silent.finish(), 0);
});

test('an answer before the end of the upload ends the upload, and the connection', async (t) => {
  const wire = openClientWire();
  const upload = new Readable({ read: () => undefined });
  upload.push('abc');
  t.same(
    await exchange(
      wire,
      'HTTP/1.1 413 No\r\nContent-Length: 2\r\n\r\nno',
      requestOf({ method: 'PUT', body: streamed(upload, 10) }),
    ),
    [413, 'no'],
  );
  t.equal(upload.destroyed, true);
  t.equal(wire.connection.state, 'draining');
  t.equal(await wire.finish(), 0);
});

test('upload and answer may flow at the same time', async (t) => {
  const wire = openClientWire();
  const upload = new Readable({ read: () => undefined });
  const sending = wire.connection.send(requestOf({ method: 'PUT', body: streamed(upload) }));
  upload.push('a');
  await wire.send('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nA\r\n');
  const { body } = await sending;
  const got: string[] = [];
  body.stream?.on('data', (chunk: Buffer) => got.push(String(chunk)));
  upload.push('b');
  upload.push(null);
  t.match(await wire.received(), /1\r\na\r\n1\r\nb\r\n0\r\n\r\n$/);
  await wire.send('1\r\nB\r\n0\r\n\r\n');
  t.equal(got.join(''), 'AB');
  t.equal(wire.connection.state, 'open');
  t.equal(await wire.finish(), 0);
});

test('an upload that is cut cuts the connection', async (t) => {
  const wire = openClientWire();
  const upload = new Readable({ read: () => undefined });
  upload.push('abc');
  const sending = wire.connection
    .send(requestOf({ method: 'PUT', body: streamed(upload) }))
    .catch((error) => error);
  await settle();
  upload.destroy(new Error('the client went away'));
  t.match(await sending, { code: 'ERR_HTTP_CUT', message: /the client went away/ });
  t.notMatch(await wire.received(), /\r\n0\r\n\r\n$/);
  t.equal(wire.stream.resets.length, 1);
  await wire.connection.closed;
});

test('an upgraded connection carries the bytes that came with its answer, and any behind', async (t) => {
  const wire = openClientWire();
  const sending = wire.connection.send(requestOf({ upgrade: 'websocket' }));
  await wire.send(
    'HTTP/1.1 101 Switching\r\nConnection: Upgrade\r\nUpgrade: WebSocket\r\nSec-WebSocket-Accept: x\r\n\r\nearly ',
  );
  const { status, headers, tunnel } = await sending;
  t.equal(status, 101);
  t.same([...headers], [['Sec-WebSocket-Accept', 'x']]);
  const got: string[] = [];
  tunnel?.duplex.on('data', (chunk: Buffer) => got.push(String(chunk)));
  tunnel?.duplex.resume();
  await wire.send('late');
  t.equal(got.join(''), 'early late');
  tunnel?.duplex.end('up');
  t.match(await wire.received(), /up$/);
  t.equal(wire.connection.state, 'draining');
  t.equal(await wire.finish(), 0);

  const other = openClientWire();
  t.match(
    await exchange(
      other,
      'HTTP/1.1 101 Switching\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n',
      requestOf({ upgrade: 'websocket' }),
    ),
    { code: 'ERR_HTTP_BAD_RESPONSE' },
  );
  const declined = openClientWire();
  t.same(await exchange(declined, EMPTY, requestOf({ upgrade: 'websocket' })), [200, '']);
  t.equal(declined.connection.state, 'open');
  t.equal(await declined.finish(), 0);
});

test('a slow reader of an answer holds the server', async (t) => {
  const wire = openClientWire();
  const sending = wire.connection.send(requestOf());
  await wire.send('HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n');
  const { body } = await sending;
  let sent = 0;
  while (!wire.server.writableNeedDrain && sent < 10_000_000) {
    wire.server.write(Buffer.alloc(65_536));
    sent += 65_536;
    await settle();
  }
  t.ok(sent < 1_000_000, `${sent} bytes`);
  let got = 0;
  body.stream?.on('data', (chunk: Buffer) => {
    got += chunk.length;
  });
  body.stream?.on('error', () => undefined);
  await settle();
  await settle();
  t.ok(got > sent - 65_536, 'and all of it comes, once somebody reads');
  wire.connection.destroy();
  await wire.connection.closed;
});

test('an answer whose connection has ended is still there to be read', async (t) => {
  const wire = openClientWire();
  const sending = wire.connection.send(requestOf());
  await wire.send(`HTTP/1.1 200 OK\r\nContent-Length: 200000\r\n\r\n`);
  wire.server.end(Buffer.alloc(200_000, 'x'));
  const { body } = await sending;
  await settle();
  t.equal((await readBody(body, 200_000)).length, 200_000);
  t.equal(await wire.finish(), 0);
});

test('close lets a request end; destroy does not', async (t) => {
  const wire = openClientWire();
  const sending = wire.connection.send(requestOf());
  const closing = wire.connection.close();
  await settle();
  t.equal(wire.ended, false);
  await wire.send(EMPTY);
  t.equal((await sending).status, 200);
  await settle();
  t.equal(wire.ended, true);
  wire.server.end();
  await closing;
  t.equal(wire.clock.pending, 0);

  const cut = openClientWire();
  const failing = cut.connection.send(requestOf()).catch((error) => error);
  cut.connection.destroy(new Error('enough'));
  t.match(await failing, { code: 'ERR_HTTP_CONNECTION_CLOSED', cause: { message: 'enough' } });
  await cut.connection.closed;
  t.equal(cut.clock.pending, 0);
});
