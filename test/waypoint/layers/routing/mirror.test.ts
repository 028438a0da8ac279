import { PassThrough, Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { test } from 'tap';
import type { HttpBody, HttpResponse } from '../../../../src/http/index.ts';
import type { BackendTarget, HttpFilter, MirrorFilter } from '../../../../src/model/index.ts';
import {
  createMirrorLayer,
  type MirrorLayerOptions,
  type MirrorResult,
} from '../../../../src/waypoint/layers/routing/mirror/mirror.ts';
import { teeBody } from '../../../../src/waypoint/layers/routing/mirror/tee-body.ts';
import { createRouteTable } from '../../../../src/waypoint/routing/route-table.ts';
import { createFakeClock } from '../../../support/fake-clock.ts';
import {
  bodyOf,
  type Call,
  makeContext,
  makeRequest,
  makeResponse,
  recordingHandler,
} from '../../request-fixtures.ts';
import { echo, makeRoute, makeRule, shopService } from '../../routing/route-fixtures.ts';

type Ask = NonNullable<Parameters<typeof makeRequest>[0]>;

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const to = (name: string): BackendTarget => ({ kind: 'service', service: shopService(name), port: 8080 });

function mirror(name: string, numerator = 100, denominator = 100): MirrorFilter {
  return { type: 'mirror', backend: to(name), numerator, denominator };
}

/** A mirror layer whose originals and copies go to two handlers. */
function mirroring(filters: readonly HttpFilter[], over: Partial<MirrorLayerOptions> = {}) {
  const clock = createFakeClock();
  const results: MirrorResult[] = [];
  const routes = createRouteTable([makeRoute({ rules: [makeRule({ filters })] })], echo, 80);
  const copies = recordingHandler(({ request }) => consumed(request.body));
  const originals = recordingHandler(({ request }) => consumed(request.body));
  const layer = createMirrorLayer({
    clock,
    send: copies,
    onCopy: (result) => results.push(result),
    random: () => 0,
    ...over,
  });
  const ends: (() => void)[] = [];
  const send = (ask: Ask = {}): Promise<HttpResponse> => {
    const request = makeRequest(ask);
    const context = makeContext({ request, routes }, { onEnd: (listener) => ends.push(listener) });
    return layer(originals)(request, context);
  };
  const end = () => {
    for (const listener of ends.splice(0)) listener();
  };
  return { clock, results, copies, originals, send, end };
}

/** Reads a body, and answers with it in a field. */
async function consumed(body: HttpBody): Promise<HttpResponse> {
  return makeResponse(200, { got: body.stream === undefined ? '' : await text(body.stream) });
}

async function gotBy({ request }: Call): Promise<string> {
  return (await consumed(request.body)).headers.get('got') ?? '';
}

test('a request is sent on, and copied to every mirror', async (t) => {
  const { copies, originals, send, end, results } = mirroring([mirror('one'), mirror('two')]);
  const response = await send({
    method: 'POST',
    target: '/a?b',
    headers: { x: 'y' },
    body: bodyOf('ab', 'cd'),
  });
  t.equal(response.headers.get('got'), 'abcd');
  end();
  await settle();
  t.equal(originals.calls.length, 1);
  t.same(
    copies.calls.map(({ context }) => context.backend),
    [to('one'), to('two')],
  );
  for (const { request } of copies.calls) {
    t.match(request, { method: 'POST', target: '/a?b', authority: 'echo' });
    t.equal(request.headers.get('x'), 'y');
  }
  t.same(results, ['answered', 'answered']);
});

test('copies get all of the body', async (t) => {
  const bodies: string[] = [];
  const { send } = mirroring([mirror('one'), mirror('two')], {
    send: async (request, context) => {
      bodies.push(await gotBy({ request, context }));
      return makeResponse();
    },
  });
  await send({ method: 'POST', body: bodyOf('ab', 'cd') });
  await settle();
  t.same(bodies, ['abcd', 'abcd']);
});

test('a copy has a record, a signal and an end of its own', async (t) => {
  const { clock, copies, originals, send } = mirroring([mirror('one')]);
  await send();
  const [copy] = copies.calls;
  const [original] = originals.calls;
  t.not(copy?.context.record, original?.context.record);
  t.not(copy?.context.signal, original?.context.signal);
  t.not(copy?.request.headers, original?.request.headers);
  t.equal(copy?.context.attempt, 1);
  await settle();
  t.equal(clock.pending, 0);
});

test('the end of a copy is told to those who wait for it', async (t) => {
  let ended = 0;
  const { send } = mirroring([mirror('one')], {
    send: async (_request, context) => {
      context.onEnd(() => {
        ended += 1;
      });
      return makeResponse(200, {}, bodyOf('thrown away'));
    },
  });
  await send();
  await settle();
  await settle();
  t.equal(ended, 1);
});

test('only the wanted share is copied', async (t) => {
  const rows: [number, number, number][] = [
    [0, 100, 0],
    [20, 100, 100],
    [1, 2, 250],
    [100, 100, 500],
    [3, 1_000, 1.5],
  ];
  for (const [numerator, denominator, expected] of rows) {
    const { copies, send } = mirroring([mirror('one', numerator, denominator)]);
    for (let count = 0; count < 500; count++) await send();
    const got = copies.calls.length;
    t.ok(Math.abs(got - expected) <= (expected === 0 ? 0 : 5), `${numerator}/${denominator}: ${got} of 500`);
  }
});

test('a copy that fails is nobody’s trouble', async (t) => {
  const { send, results } = mirroring([mirror('one')], {
    send: () => Promise.reject(new Error('no endpoint')),
  });
  t.equal((await send({ body: bodyOf('a') })).status, 200);
  await settle();
  t.same(results, ['failed']);
});

test('a copy that is not read does not hold the request up, and is given up', async (t) => {
  const stuck: Readable[] = [];
  const { send } = mirroring([mirror('slow')], {
    maximumBehindBytes: 10,
    send: ({ body }) => {
      if (body.stream !== undefined) stuck.push(body.stream);
      return new Promise(() => undefined);
    },
  });
  const response = await send({ method: 'POST', body: bodyOf('12345', '67890', 'abcde') });
  t.equal(response.headers.get('got'), '1234567890abcde');
  t.ok(stuck[0]?.destroyed);
});

test('a copy that takes too long is cut', async (t) => {
  const { clock, copies, send, results } = mirroring([mirror('slow')], { maximumMs: 100 });
  const waiting = mirroring([mirror('slow')], {
    maximumMs: 100,
    send: (_request, { signal }) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason));
      }),
  });
  await waiting.send();
  await waiting.clock.advance(100);
  t.same(waiting.results, ['failed']);
  t.equal(waiting.clock.pending, 0);
  await send();
  await clock.advance(100);
  t.equal(copies.calls.length, 1);
  t.same(results, ['answered']);
});

test('an endless answer to a copy is cut', async (t) => {
  const stream = new PassThrough();
  const { clock, send, results } = mirroring([mirror('one')], {
    maximumMs: 100,
    send: async () => makeResponse(200, {}, { stream, length: undefined, trailers: () => undefined }),
  });
  await send();
  await clock.advance(100);
  t.ok(stream.destroyed);
  t.same(results, ['answered']);
  t.equal(clock.pending, 0);
});

test('when too many copies are under way requests are not copied', async (t) => {
  const open = Promise.withResolvers<HttpResponse>();
  const { send, results } = mirroring([mirror('one')], { maximumActive: 2, send: () => open.promise });
  for (let count = 0; count < 3; count++) await send();
  t.same(results, ['dropped']);
  open.resolve(makeResponse());
  await settle();
  await send();
  await settle();
  t.same(results, ['dropped', 'answered', 'answered', 'answered']);
});

test('what cannot be copied is not', async (t) => {
  const invalid: BackendTarget = { kind: 'invalid', reason: 'BackendNotFound', message: '' };
  const toNowhere = mirroring([{ ...mirror('one'), backend: invalid }]);
  await toNowhere.send();
  t.equal(toNowhere.copies.calls.length, 0);
  t.same(toNowhere.results, ['dropped']);
  const webSocket = mirroring([mirror('one')]);
  await webSocket.send({ upgrade: 'websocket' });
  t.equal(webSocket.copies.calls.length, 0);
  t.equal(webSocket.originals.calls.length, 1);
});

test('a body that nobody reads on is cut for its copies when the request is over', async (t) => {
  const source = new PassThrough();
  source.write('part');
  const { body, copies, close } = teeBody(
    { stream: source, length: undefined, trailers: () => undefined },
    2,
    1_000,
  );
  body.stream?.once('data', () => body.stream?.pause());
  await settle();
  close();
  for (const copy of copies) t.ok(copy.stream?.destroyed);
  const whole = teeBody(bodyOf('all'), 1, 1_000);
  t.equal(await text(whole.body.stream ?? Readable.from([])), 'all');
  whole.close();
  t.equal(
    await text(whole.copies[0]?.stream ?? Readable.from([])),
    'all',
    'what was read before is still there',
  );
});

test('a body that is cut is cut for all', async (t) => {
  const source = new PassThrough();
  const { body, copies } = teeBody(
    { stream: source, length: undefined, trailers: () => undefined },
    1,
    1_000,
  );
  const reading = text(body.stream ?? Readable.from([]));
  source.write('part');
  await settle();
  source.destroy(new Error('client gone'));
  await t.rejects(reading, { message: 'client gone' });
  t.ok(copies[0]?.stream?.destroyed);
  const given = new PassThrough();
  const other = teeBody({ stream: given, length: undefined, trailers: () => undefined }, 1, 1_000);
  other.body.stream?.destroy();
  t.ok(given.destroyed);
  await settle();
  t.ok(other.copies[0]?.stream?.destroyed);
});
