import { once } from 'node:events';
import { duplexPair, Readable } from 'node:stream';
import { test } from 'tap';
import {
  bodyOf,
  connectHttp2,
  HeaderList,
  type HttpBody,
  type HttpRequest,
  readBody,
} from '../../../src/http/index.ts';
import {
  encodeGoAway,
  encodeReset,
  encodeSettings,
  FrameType,
  SETTINGS_ACK,
} from '../../../src/http/http2/frame/index.ts';
import type { HeaderField } from '../../../src/http/http2/hpack/index.ts';
import { requestOf } from '../support/requests.ts';
import { createFakeClock } from '../../support/fake-clock.ts';
import { byteStream, settle } from '../support/wire.ts';
import { type Http2ClientWire, joined, openHttp2ClientWire } from './support/endpoint-wire.ts';
import { data } from './support/scripted-peer.ts';

const OK: readonly HeaderField[] = [[':status', '200']];

function streamed(stream: Readable, length?: number, trailers?: HeaderList): HttpBody {
  return { stream, length, trailers: () => trailers };
}

async function finish(wire: Http2ClientWire): Promise<number> {
  wire.connection.destroy();
  await settle();
  await wire.clock.advance(5_000);
  await wire.connection.closed;
  return wire.clock.pending;
}

test('requests go out as they are', async (t) => {
  const head = 'HEADERS 1 :method=GET :scheme=http :authority=shop:80 :path=/';
  const put = head.replace('GET', 'PUT');
  const rows: Readonly<Record<string, [request: HttpRequest, told: string[]]>> = {
    'no body': [
      requestOf({
        headers: new HeaderList([
          ['X-A', 'b'],
          ['Cookie', 'a; b'],
        ]),
      }),
      [`${head} x-a=b cookie=a; b end`],
    ],
    'a known length': [
      requestOf({ method: 'PUT', body: bodyOf(Buffer.from('abc')) }),
      [`${put} content-length=3`, 'DATA 1 3 end'],
    ],
    'trailers, and te': [
      requestOf({
        method: 'PUT',
        headers: new HeaderList([['TE', 'trailers']]),
        body: streamed(Readable.from([Buffer.from('abc')]), undefined, new HeaderList([['X-Sum', '3']])),
      }),
      [`${put} te=trailers`, 'DATA 1 3', 'HEADERS 1 x-sum=3 end'],
    ],
    'fields of a connection are left out': [
      requestOf({
        headers: new HeaderList([
          ['Connection', 'x'],
          ['Host', 'evil'],
          ['Content-Length', '3'],
          ['Upgrade', 'x'],
          ['TE', 'gzip'],
        ]),
      }),
      [`${head} end`],
    ],
  };
  for (const [what, [request, told]] of Object.entries(rows)) {
    const wire = await openHttp2ClientWire();
    const sending = wire.connection.send(request);
    t.same(joined(await wire.told()), told, what);
    await wire.send(wire.headers(1, OK, true));
    t.equal((await sending).status, 200);
    t.equal(wire.connection.activeRequests, 0);
    t.equal(await finish(wire), 0);
  }
});

test('requests that HTTP does not allow are never sent', async (t) => {
  const wire = await openHttp2ClientWire();
  for (const parts of [
    { headers: new HeaderList([['x', 'a\r\nb']]) },
    { headers: new HeaderList([['x', '\0']]) },
    { headers: new HeaderList([['x y', 'z']]) },
    { headers: new HeaderList([[':path', '/other']]) },
    { authority: 'a b' },
    { authority: 'a@b' },
    { authority: '' },
    { method: 'G T' },
    { method: 'CONNECT' },
    { target: '/a b' },
    { target: '/\r\n' },
    { target: '/#x' },
    { target: 'x' },
  ])
    await t.rejects(
      wire.connection.send(requestOf(parts)),
      { code: 'ERR_HTTP_HEADER' },
      JSON.stringify(parts),
    );
  t.same(await wire.told(), []);
  t.equal(await finish(wire), 0);
});

test('answers come with interim ones before and trailers behind', async (t) => {
  const wire = await openHttp2ClientWire();
  const seen: number[] = [];
  const sending = wire.connection.send(requestOf(), { onInformational: (status) => seen.push(status) });
  await wire.send(
    wire.headers(1, [
      [':status', '103'],
      ['link', '</a>'],
    ]),
    wire.headers(1, [
      [':status', '200'],
      ['set-cookie', 'a'],
      ['set-cookie', 'b'],
    ]),
    data(1, 5),
    wire.headers(
      1,
      [
        ['grpc-status', '0'],
        ['content-length', '5'],
      ],
      true,
    ),
  );
  const { status, headers, body } = await sending;
  t.equal(status, 200);
  t.same(headers.all('set-cookie'), ['a', 'b']);
  t.same(seen, [103]);
  t.equal(body.trailers(), undefined);
  t.equal((await readBody(body, 10)).length, 5);
  t.same([...(body.trailers() ?? [])], [['grpc-status', '0']]);
  t.equal(await finish(wire), 0);
});

test('an answer that is only trailers, as gRPC has it', async (t) => {
  const wire = await openHttp2ClientWire();
  const sending = wire.connection.send(requestOf());
  await wire.send(
    wire.headers(
      1,
      [
        [':status', '200'],
        ['grpc-status', '5'],
      ],
      true,
    ),
  );
  const { headers, body } = await sending;
  t.equal(headers.get('grpc-status'), '5');
  t.equal(body.stream, undefined);
  t.equal(await finish(wire), 0);
});

test('malformed answers are the server’s fault and end their stream alone', async (t) => {
  const rows: Readonly<Record<string, (wire: Http2ClientWire) => Buffer[]>> = {
    'no status': (wire) => [wire.headers(1, [['x', 'y']], true)],
    'status 101': (wire) => [wire.headers(1, [[':status', '101']])],
    'status 600': (wire) => [wire.headers(1, [[':status', '600']], true)],
    'two lengths': (wire) => [wire.headers(1, [...OK, ['content-length', '1'], ['content-length', '1']])],
    'a length that is none': (wire) => [wire.headers(1, [...OK, ['content-length', 'x']])],
    'a length without a body': (wire) => [wire.headers(1, [...OK, ['content-length', '1']], true)],
    connection: (wire) => [wire.headers(1, [...OK, ['connection', 'close']])],
    'a line break': (wire) => [wire.headers(1, [...OK, ['x', 'a\r\nb']])],
    'too many fields': (wire) => [
      wire.headers(1, [...OK, ...Array.from({ length: 201 }, (): HeaderField => ['x', 'y'])]),
    ],
    'too many bytes': (wire) => [
      wire.headers(1, [...OK, ...Array.from({ length: 5 }, (): HeaderField => ['x', 'y'.repeat(7_000)])]),
    ],
    'DATA before the answer': () => [data(1, 1)],
    'an interim answer that ends': (wire) => [wire.headers(1, [[':status', '103']], true)],
    'interim answers without end': (wire) =>
      Array.from({ length: 17 }, () => wire.headers(1, [[':status', '103']])),
  };
  for (const [what, make] of Object.entries(rows)) {
    const wire = await openHttp2ClientWire({ maxHeadBytes: 32_768 });
    const failing = wire.connection.send(requestOf()).catch((error) => error);
    const other = wire.connection.send(requestOf());
    await wire.received();
    await wire.send(...make(wire));
    t.match(await failing, { blame: 'upstream', retryable: false }, what);
    t.match(await wire.told(), [/^RST 1 (?:1|11)$/], what);
    await wire.send(wire.headers(3, OK, true));
    t.equal((await other).status, 200);
    t.equal(await finish(wire), 0);
  }
});

test('a body of another length than announced is cut', async (t) => {
  for (const [frame, request] of [
    [data(1, 4, true), requestOf()],
    [data(1, 6, true), requestOf()],
    [data(1, 1), requestOf({ method: 'HEAD' })],
  ] as const) {
    const wire = await openHttp2ClientWire();
    const sending = wire.connection.send(request);
    await wire.received();
    await wire.send(wire.headers(1, [...OK, ['content-length', '5']]));
    const { body } = await sending;
    const reading = readBody(body, 10).catch((error) => error);
    await wire.send(frame);
    if (request.method === 'GET')
      t.match(await reading, { code: 'ERR_HTTP_BAD_RESPONSE', blame: 'upstream' });
    t.same(await wire.told(), ['RST 1 1']);
    t.equal(await finish(wire), 0);
  }
});

test('what the server cannot have acted on may be tried again, and nothing else', async (t) => {
  const rows: Readonly<
    Record<string, [make: (wire: Http2ClientWire) => Buffer | undefined, code: string, retryable: boolean]>
  > = {
    REFUSED_STREAM: [() => encodeReset(1, 7), 'ERR_HTTP_REFUSED', true],
    'GOAWAY before it': [() => encodeGoAway(0, 0), 'ERR_HTTP_REFUSED', true],
    'GOAWAY behind it, then the end': [() => encodeGoAway(1, 0), 'ERR_HTTP_CUT', false],
    CANCEL: [() => encodeReset(1, 8), 'ERR_HTTP_CUT', false],
    NO_ERROR: [() => encodeReset(1, 0), 'ERR_HTTP_CUT', false],
    INTERNAL_ERROR: [() => encodeReset(1, 2), 'ERR_HTTP_CUT', false],
    'the end of the connection': [() => undefined, 'ERR_HTTP_CUT', false],
  };
  for (const [what, [make, code, retryable]] of Object.entries(rows)) {
    const wire = await openHttp2ClientWire();
    const sending = wire.connection.send(requestOf()).catch((error) => error);
    await wire.received();
    const frame = make(wire);
    if (frame !== undefined) await wire.send(frame);
    if (code === 'ERR_HTTP_CUT') wire.peer.end();
    t.match(await sending, { code, retryable, blame: 'upstream' }, what);
    t.equal(await finish(wire), 0);
  }
  const begun = await openHttp2ClientWire();
  const sending = begun.connection.send(requestOf());
  await begun.received();
  await begun.send(begun.headers(1, OK));
  const { body } = await sending;
  const reading = readBody(body, 10).catch((error) => error);
  await begun.send(encodeReset(1, 7));
  t.match(await reading, { code: 'ERR_HTTP_CUT', retryable: false }, 'REFUSED_STREAM behind an answer');
  t.equal(await finish(begun), 0);
});

test('a connection that drains takes nothing new and lets the rest end', async (t) => {
  const wire = await openHttp2ClientWire();
  const running = wire.connection.send(requestOf());
  await wire.received();
  await wire.send(encodeGoAway(0x7fff_ffff, 0));
  t.equal(wire.connection.state, 'draining');
  await t.rejects(wire.connection.send(requestOf()), { code: 'ERR_HTTP_CONNECTION_CLOSED', retryable: true });
  await wire.send(wire.headers(1, OK, true));
  t.equal((await running).status, 200);
  await settle();
  t.equal(wire.ended, true);
  wire.peer.end();
  await wire.connection.closed;
  t.equal(wire.connection.state, 'closed');
  t.equal(wire.clock.pending, 0);
});

test('the peer’s limit holds', async (t) => {
  const wire = await openHttp2ClientWire();
  await wire.send(encodeSettings([[3, 1]]));
  t.equal(wire.connection.capacity, 1);
  const running = wire.connection.send(requestOf());
  const body = bodyOf(Buffer.from('x'));
  await t.rejects(wire.connection.send(requestOf({ body })), {
    code: 'ERR_HTTP_CONNECTION_FULL',
    retryable: true,
  });
  t.equal(body.stream?.destroyed, false, 'its body is left alone');
  await wire.received();
  await wire.send(wire.headers(1, OK, true));
  await running;
  t.equal(wire.connection.activeRequests, 0);
  t.equal(await finish(wire), 0);
});

test('who gives a request up resets its stream', async (t) => {
  const abort = new AbortController();
  const wire = await openHttp2ClientWire();
  const upload = new Readable({ read: () => undefined });
  const sending = wire.connection.send(requestOf({ method: 'PUT', body: streamed(upload) }), {
    signal: abort.signal,
  });
  await wire.received();
  abort.abort(new Error('too late'));
  await t.rejects(sending, { code: 'ERR_HTTP_ABORTED', cause: { message: 'too late' } });
  t.same(await wire.told(), ['RST 1 8']);
  t.equal(upload.destroyed, true);

  const dropped = wire.connection.send(requestOf());
  await wire.received();
  await wire.send(wire.headers(3, OK), data(3, 5));
  (await dropped).body.stream?.destroy();
  t.same(await wire.told(), ['RST 3 8']);

  const during = new AbortController();
  const answered = wire.connection.send(requestOf(), { signal: during.signal });
  await wire.received();
  await wire.send(wire.headers(5, OK), data(5, 5));
  const reading = readBody((await answered).body, 10).catch((error) => error);
  during.abort();
  t.match(await reading, { code: 'ERR_HTTP_ABORTED' });
  t.same(await wire.told(), ['RST 5 8']);
  t.equal(wire.connection.state, 'open');
  t.equal(await finish(wire), 0);
});

test('the body waits for a 100, for the answer, or for a second', async (t) => {
  const upload = (): HttpRequest =>
    requestOf({ method: 'PUT', body: bodyOf(Buffer.from('abc')), expectContinue: true });
  const wire = await openHttp2ClientWire();
  const told = wire.connection.send(upload());
  t.match(await wire.told(), [/expect=100-continue$/]);
  await wire.send(wire.headers(1, [[':status', '100']]));
  t.same(joined(await wire.told()), ['DATA 1 3 end']);
  await wire.send(wire.headers(1, OK, true));
  await told;

  const silent = wire.connection.send(upload());
  await wire.received();
  await wire.clock.advance(1_000);
  t.same(joined(await wire.told()), ['DATA 3 3 end']);
  await wire.send(wire.headers(3, OK, true));
  await silent;

  const refused = wire.connection.send(upload());
  await wire.received();
  await wire.send(wire.headers(5, [[':status', '413']], true));
  t.equal((await refused).status, 413);
  t.same(await wire.told(), ['RST 5 0'], 'nothing of the body');
  t.equal(await finish(wire), 0);
});

test('an answer before the end of the upload ends the upload', async (t) => {
  const wire = await openHttp2ClientWire();
  const upload = new Readable({ read: () => undefined });
  upload.push('abc');
  const sending = wire.connection.send(requestOf({ method: 'PUT', body: streamed(upload) }));
  await wire.received();
  await wire.send(wire.headers(1, [[':status', '413']], true), encodeReset(1, 0));
  t.equal((await sending).status, 413);
  t.equal(upload.destroyed, true);
  t.equal(wire.connection.activeRequests, 0);
  t.equal(await finish(wire), 0);
});

test('an upload that is cut resets its stream', async (t) => {
  const wire = await openHttp2ClientWire();
  const upload = new Readable({ read: () => undefined });
  const sending = wire.connection
    .send(requestOf({ method: 'PUT', body: streamed(upload) }))
    .catch((error) => error);
  await wire.received();
  upload.destroy(new Error('the client went away'));
  t.match(await sending, { code: 'ERR_HTTP_CUT', message: /the client went away/ });
  t.same(await wire.told(), ['RST 1 8']);
  t.equal(await finish(wire), 0);
});

test('a slow reader of an answer holds its stream, and no other', async (t) => {
  const wire = await openHttp2ClientWire();
  const slow = wire.connection.send(requestOf());
  const quick = wire.connection.send(requestOf());
  await wire.received();
  await wire.send(wire.headers(1, OK), wire.headers(3, OK));
  const stalled = (await slow).body;
  for (let index = 0; index < 16; index++) await wire.send(data(1, 65_536));
  const updates = (await wire.received()).filter(
    ({ type, streamId }) => type === FrameType.WINDOW_UPDATE && streamId === 1,
  );
  t.same(updates, [], 'no more is let in');
  await wire.send(data(3, 1_000, true));
  t.equal((await readBody((await quick).body, 10_000)).length, 1_000);
  let got = 0;
  stalled.stream?.on('data', (chunk: Buffer) => {
    got += chunk.length;
  });
  await settle();
  t.equal(got, 16 * 65_536);
  t.equal(await finish(wire), 0);
});

test('changes are told', async (t) => {
  const wire = await openHttp2ClientWire();
  const seen: number[] = [];
  wire.connection.changes.subscribe(() => seen.push(wire.connection.activeRequests));
  const sending = wire.connection.send(requestOf());
  await wire.received();
  await wire.send(wire.headers(1, OK, true));
  await sending;
  t.same([seen[0], seen.at(-1)], [1, 0]);
  t.equal(await finish(wire), 0);
});

test('a server that speaks nonsense, or requests, ends the connection', async (t) => {
  for (const bytes of [Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'), SETTINGS_ACK]) {
    const wire = await openHttp2ClientWire();
    const sending = wire.connection.send(requestOf()).catch((error) => error);
    await wire.received();
    await wire.send(bytes);
    t.match(await sending, { code: 'ERR_HTTP_CUT', cause: { code: 'ERR_HTTP_PROTOCOL', blame: 'upstream' } });
    t.equal(await finish(wire), 0);
  }
});

test('a stream that was gone before makes a closed connection, and requests may go elsewhere', async (t) => {
  const [duplex] = duplexPair();
  duplex.destroy();
  await once(duplex, 'close');
  const clock = createFakeClock();
  const connection = connectHttp2(byteStream(duplex), { clock });
  t.equal(connection.state, 'closed');
  await t.rejects(connection.send(requestOf({})), { code: 'ERR_HTTP_CONNECTION_CLOSED', retryable: true });
  await connection.closed;
  t.equal(clock.pending, 0);
});
