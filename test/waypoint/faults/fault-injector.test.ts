import fc from 'fast-check';
import { test } from 'tap';
import type { FaultInjection, FaultRule } from '../../../src/model/index.ts';
import { WaypointError } from '../../../src/waypoint/errors.ts';
import { createFaultInjector } from '../../../src/waypoint/faults/fault-injector.ts';
import { failureResponse } from '../../../src/waypoint/request/failure-response.ts';
import { createFakeClock } from '../../support/fake-clock.ts';
import { ANY_REQUEST, GATEWAY, makeFault, TARGET } from '../admission/admission-fixtures.ts';
import { makeContext, makeRequest } from '../request-fixtures.ts';

const ALL = { numerator: 100, denominator: 100 };

function rule(over: Partial<FaultRule>): FaultRule {
  return { name: 'r', conditions: [], delay: undefined, abort: undefined, ...over };
}

/** `draws` are what random gives, in turn; without any it always gives `otherwise`. */
function createWorld(draws: readonly number[] = [], otherwise = 0) {
  const clock = createFakeClock();
  const rest = [...draws];
  const notes: string[] = [];
  const injector = createFaultInjector({
    gateway: GATEWAY,
    clock,
    random: () => rest.shift() ?? otherwise,
    metrics: { injected: (policy, kind) => notes.push(`${kind} ${policy}`) },
  });
  return {
    injector,
    clock,
    notes,
    /** Starts one request; what becomes of it is in `outcome`: `waits`, `goes on`, a status, or why it ended. */
    start(
      faults: readonly FaultInjection[],
      request = makeRequest(),
      options: { readonly limitMs?: number; readonly signal?: AbortSignal } = {},
    ) {
      const resources = faults.map((fault) => ({ kind: 'fault-injection' as const, fault }));
      const known = resources.map((resource) => ({ name: resource.fault.key, resource }));
      injector.apply({ upserts: known, removed: [] });
      const { objects } = injector.compile(TARGET, resources).of({ kind: 'default' });
      const base = makeContext();
      const context = {
        ...base,
        startedMs: clock.monotonic(),
        signal: options.signal ?? base.signal,
      };
      const started = { outcome: 'waits' };
      injector.inject(objects, request, context, options.limitMs ?? Number.POSITIVE_INFINITY).then(
        () => {
          started.outcome = 'goes on';
        },
        (error: unknown) => {
          started.outcome =
            error instanceof WaypointError ? statusesOf(request, error) : `ended by ${String(error)}`;
        },
      );
      return started;
    },
  };
}

function statusesOf(request: ReturnType<typeof makeRequest>, error: WaypointError): string {
  const { status, headers } = failureResponse(request, error);
  return [status, headers.get('grpc-status')].filter((part) => part !== undefined).join(' grpc ');
}

test('a delay holds the request up and then lets it go on', async (t) => {
  const world = createWorld();
  const request = world.start([makeFault([rule({ delay: { share: ALL, delayMs: 2_000 } })])]);
  await world.clock.advance(1_999);
  t.equal(request.outcome, 'waits');
  t.equal(world.injector.active, 1);
  await world.clock.advance(1);
  t.equal(request.outcome, 'goes on');
  t.equal(world.injector.active, 0);
  t.same(world.notes, ['delay shop/a']);
});

test('an abort answers, after the delay where there is one', async (t) => {
  const world = createWorld();
  const abort = { share: ALL, status: 503, grpcStatus: undefined };
  const at = world.start([makeFault([rule({ abort })])]);
  await world.clock.advance(0);
  t.equal(at.outcome, '503');
  const later = world.start([makeFault([rule({ abort, delay: { share: ALL, delayMs: 10 } })])]);
  await world.clock.advance(9);
  t.equal(later.outcome, 'waits');
  await world.clock.advance(1);
  t.equal(later.outcome, '503');
});

test('statuses follow from one another, each for its kind of client', async (t) => {
  const grpc = makeRequest({ method: 'POST', headers: { 'content-type': 'application/grpc+proto' } });
  const cases: readonly (readonly [number | undefined, number | undefined, string, string])[] = [
    [503, undefined, '503', '200 grpc 14'],
    [429, undefined, '429', '200 grpc 14'],
    [404, undefined, '404', '200 grpc 12'],
    [418, undefined, '418', '200 grpc 2'],
    [undefined, 14, '503', '200 grpc 14'],
    [undefined, 8, '429', '200 grpc 8'],
    [undefined, 1, '499', '200 grpc 1'],
    [500, 5, '500', '200 grpc 5'],
    [204, undefined, '204', '200 grpc 2'],
  ];
  for (const [status, grpcStatus, forHttp, forGrpc] of cases) {
    const world = createWorld();
    const fault = makeFault([rule({ abort: { share: ALL, status, grpcStatus } })]);
    const http = world.start([fault]);
    const call = world.start([fault], grpc);
    await world.clock.advance(0);
    t.same([http.outcome, call.outcome], [forHttp, forGrpc], `${status} ${grpcStatus}`);
  }
});

test('a status without content is answered without one', async (t) => {
  const error = new WaypointError({
    code: 'ERR_WAYPOINT_FAULT_INJECTED',
    blame: 'local',
    message: 'x',
    answer: { status: 204 },
  });
  t.equal(failureResponse(makeRequest(), error).body.stream, undefined);
});

test('each request is drawn for itself, and what is not drawn goes on at once', async (t) => {
  const delay = { share: { numerator: 10, denominator: 100 }, delayMs: 50 };
  const world = createWorld([0.0999, 0.1, 0.5]);
  const requests = [1, 2, 3].map(() => world.start([makeFault([rule({ delay })])]));
  await world.clock.advance(0);
  t.same(
    requests.map(({ outcome }) => outcome),
    ['waits', 'goes on', 'goes on'],
  );
  const never = createWorld([], 0);
  const none = never.start([
    makeFault([rule({ delay: { ...delay, share: { numerator: 0, denominator: 1 } } })]),
  ]);
  await never.clock.advance(0);
  t.equal(none.outcome, 'goes on', 'a share of nothing, also for the smallest number');
  await world.clock.advance(50);
});

test('over many requests the share is what was asked for', async (t) => {
  fc.assert(
    fc.asyncProperty(fc.nat(1_000), fc.integer({ min: 0, max: 2 ** 31 }), async (numerator, seed) => {
      // A generator whose numbers are spread evenly: the fractional parts of multiples of the golden ratio.
      let step = seed;
      const injector = createFaultInjector({
        gateway: GATEWAY,
        random: () => (step++ * 0.618033988749895) % 1,
        metrics: { injected: () => undefined },
      });
      const share = { numerator, denominator: 1_000 };
      const fault = makeFault([rule({ abort: { share, status: 500, grpcStatus: undefined } })]);
      const resource = { kind: 'fault-injection' as const, fault };
      injector.apply({ upserts: [{ name: fault.key, resource }], removed: [] });
      const { objects } = injector.compile(TARGET, [resource]).of({ kind: 'default' });
      let aborted = 0;
      for (let index = 0; index < 1_000; index++) {
        await injector.inject(objects, makeRequest(), makeContext(), 1e9).catch(() => {
          aborted += 1;
        });
      }
      return Math.abs(aborted - numerator) <= 10;
    }),
    { numRuns: 10 },
  );
  t.pass();
});

test('the first rule that is for a request decides, and what none is for is left alone', async (t) => {
  const world = createWorld();
  const abort = (status: number) => ({ share: ALL, status, grpcStatus: undefined });
  const header = { ...ANY_REQUEST, headers: [{ kind: 'present' as const, name: 'x-chaos' }] };
  const client = { ...ANY_REQUEST, client: { namespace: 'bank', serviceAccount: undefined } };
  const fault = makeFault([
    rule({ conditions: [client], abort: abort(500) }),
    rule({ conditions: [header], abort: abort(501) }),
  ]);
  const plain = world.start([fault]);
  const asked = world.start([fault], makeRequest({ headers: { 'X-Chaos': '1' } }));
  await world.clock.advance(0);
  t.same([plain.outcome, asked.outcome], ['goes on', '501']);
});

test('of several objects each decides, one after another', async (t) => {
  const world = createWorld();
  const slow = makeFault([rule({ delay: { share: ALL, delayMs: 10 } })], { name: 'slow' });
  const broken = makeFault([rule({ abort: { share: ALL, status: 500, grpcStatus: undefined } })], {
    name: 'zbroken',
  });
  const request = world.start([slow, broken]);
  await world.clock.advance(10);
  t.equal(request.outcome, '500');
  t.same(world.notes, ['delay shop/slow', 'abort shop/zbroken']);
});

test('no more requests are held up than the object allows; further ones go on without a fault', async (t) => {
  const world = createWorld();
  const both = {
    delay: { share: ALL, delayMs: 100 },
    abort: { share: ALL, status: 500, grpcStatus: undefined },
  };
  const fault = makeFault([rule(both)], { maximumActive: 2 });
  const requests = [1, 2, 3].map(() => world.start([fault]));
  await world.clock.advance(0);
  t.same(
    requests.map(({ outcome }) => outcome),
    ['waits', 'waits', 'goes on'],
  );
  t.equal(world.notes.at(-1), 'skipped shop/a');
  await world.clock.advance(100);
  const next = world.start([fault]);
  await world.clock.advance(0);
  t.equal(next.outcome, 'waits');
  await world.clock.advance(100);
});

test('a client that gives up is held up no longer', async (t) => {
  const world = createWorld();
  const gone = new AbortController();
  const fault = makeFault([rule({ delay: { share: ALL, delayMs: 60_000 } })]);
  const request = world.start([fault], makeRequest(), { signal: gone.signal });
  await world.clock.advance(10);
  gone.abort(new Error('the client is gone'));
  await world.clock.advance(0);
  t.match(request.outcome, /the client is gone/);
  t.equal(world.injector.active, 0);
  t.equal(world.clock.pending, 0);
});

test('a delay ends where the time of the request does, and nothing is injected after that', async (t) => {
  const world = createWorld();
  const abort = { share: ALL, status: 500, grpcStatus: undefined };
  const fault = makeFault([rule({ delay: { share: ALL, delayMs: 5_000 }, abort })]);
  const request = world.start([fault], makeRequest(), { limitMs: 1_000 });
  await world.clock.advance(999);
  t.equal(request.outcome, 'waits');
  await world.clock.advance(1);
  t.equal(request.outcome, 'goes on', 'the caller judges it');
  t.same(world.notes, ['delay shop/a']);
});
