import fc from 'fast-check';
import { test } from 'tap';
import type { OutlierEjection } from '../../../src/model/index.ts';
import { DEFAULT_TRAFFIC_SETTINGS } from '../../../src/waypoint/traffic/default-settings.ts';
import { createEndpointHealth } from '../../../src/waypoint/upstream/outliers/endpoint-health.ts';
import { createFailureWindow } from '../../../src/waypoint/upstream/outliers/failure-window.ts';
import { classify, type Outcome } from '../../../src/waypoint/upstream/outliers/outcome.ts';
import {
  createOutlierDetector,
  type OutlierEvent,
} from '../../../src/waypoint/upstream/outliers/outlier-detector.ts';
import { createFakeClock } from '../../support/fake-clock.ts';

const settings: OutlierEjection = { ...DEFAULT_TRAFFIC_SETTINGS.outliers, jitterPercent: 0 };
const answered = (status: number, more: Partial<Extract<Outcome, { kind: 'answered' }>> = {}): Outcome => ({
  kind: 'answered',
  status,
  grpcStatus: undefined,
  retryAfterMs: undefined,
  ...more,
});
const OK = answered(200);
const CONNECT_FAILED: Outcome = { kind: 'connect-failed' };

test('outcomes count for what they are', async (t) => {
  const cases: readonly (readonly [Outcome, ReturnType<typeof classify>])[] = [
    [answered(200), 'success'],
    [answered(404), 'success'],
    [answered(429), 'rate-limited'],
    [answered(500), 'server-error'],
    [answered(501), 'server-error'],
    [answered(502), 'gateway-error'],
    [answered(503), 'gateway-error'],
    [answered(503, { retryAfterMs: 1_000 }), 'rate-limited'],
    [answered(504), 'gateway-error'],
    [answered(200, { grpcStatus: 0 }), 'success'],
    [answered(200, { grpcStatus: 5 }), 'success'],
    [answered(200, { grpcStatus: 8 }), 'rate-limited'],
    [answered(200, { grpcStatus: 13 }), 'server-error'],
    [answered(200, { grpcStatus: 14 }), 'gateway-error'],
    [CONNECT_FAILED, 'gateway-error'],
    [{ kind: 'reset' }, 'gateway-error'],
    [{ kind: 'timed-out' }, 'gateway-error'],
  ];
  for (const [outcome, kind] of cases) t.equal(classify(outcome, true), kind, JSON.stringify(outcome));
  t.equal(classify(answered(429), false), 'success');
  t.equal(classify(answered(503, { retryAfterMs: 1_000 }), false), 'gateway-error');
});

test('gateway errors in a row eject, and one good answer begins the row anew', async (t) => {
  const world = makeWorld(10);
  for (let round = 0; round < 4; round++) world.report('e0', CONNECT_FAILED);
  world.report('e0', OK);
  for (let round = 0; round < 4; round++) world.report('e0', answered(503));
  t.equal(world.isOut('e0'), false);
  world.report('e0', { kind: 'reset' });
  t.equal(world.isOut('e0'), true);
  t.match(world.events, [{ type: 'ejected', endpoint: 'e0', reason: 'consecutive-gateway-errors' }]);
});

test('a 500 is no gateway error, but one of the 5xx', async (t) => {
  const world = makeWorld(10, { ...settings, consecutive5xxErrors: 3 });
  world.report('e0', answered(503), answered(503), answered(503));
  t.match(world.events, [{ reason: 'consecutive-5xx-errors' }]);
  const other = makeWorld(10);
  for (let round = 0; round < 100; round++) other.report('e0', answered(500));
  t.equal(other.isOut('e0'), false, 'which are not counted unless asked for');
});

test('an ejected endpoint comes back after its time, and longer each time it fails again', async (t) => {
  const world = makeWorld(10);
  const durations: number[] = [];
  for (let round = 0; round < 3; round++) {
    world.fail('e0');
    const ejected = world.events.at(-1);
    if (ejected?.type === 'ejected') durations.push(ejected.forMs);
    await world.clock.advance((durations.at(-1) ?? 0) - 1);
    t.equal(world.isOut('e0'), true);
    await world.clock.advance(1);
    t.equal(world.isOut('e0'), false);
    t.match(world.events.at(-1), { type: 'returned', endpoint: 'e0' });
  }
  t.strictSame(durations, [10_000, 20_000, 30_000]);
  await world.clock.advance(25_000);
  world.fail('e0');
  t.match(world.events.at(-1), { forMs: 20_000 }, 'two times of base length behaved well');
  await world.clock.advance(10_000_000);
  world.fail('e0');
  t.match(world.events.at(-1), { forMs: 10_000 });
});

test('no ejection is longer than the maximum, and jitter only makes it longer', async (t) => {
  const capped = makeWorld(10, { ...settings, maximumEjectionMs: 15_000 });
  for (let round = 0; round < 5; round++) {
    capped.fail('e0');
    await capped.clock.advance(15_000);
  }
  t.ok(capped.events.every((event) => event.type !== 'ejected' || event.forMs <= 15_000));
  const jittered = makeWorld(10, { ...settings, jitterPercent: 50 }, () => 0.5);
  jittered.fail('e0');
  t.match(jittered.events, [{ forMs: 12_500 }]);
});

test('at most the share is out at once, but always one may be', async (t) => {
  const world = makeWorld(25);
  for (let index = 0; index < 25; index++) world.fail(`e${index}`);
  t.equal(world.out().length, 2, '10 % of 25');
  t.equal(world.events.filter(({ type }) => type === 'spared').length, 23);
  const small = makeWorld(2);
  small.fail('e0');
  small.fail('e1');
  t.strictSame(small.out(), ['e0']);
  const never = makeWorld(25, { ...settings, maximumEjectedPercent: 0 });
  never.fail('e0');
  t.strictSame(never.out(), []);
});

test('a ratio of failures ejects only when there were enough requests in the window', async (t) => {
  const ratio = {
    ...settings,
    consecutiveGatewayErrors: 0,
    failureRatioPercent: 50,
    failureRatioMinimumRequests: 10,
  };
  const world = makeWorld(10, ratio);
  for (let round = 0; round < 9; round++) world.report('e0', answered(500));
  t.equal(world.isOut('e0'), false, 'nine are not enough');
  await world.clock.advance(11_000);
  for (let round = 0; round < 8; round++) world.report('e0', OK);
  world.report('e0', answered(500));
  t.equal(world.isOut('e0'), false, 'the old ones have been forgotten');
  for (let round = 0; round < 7; round++) world.report('e0', answered(500));
  t.match(world.events, [{ reason: 'failure-ratio' }]);
});

test('who says "too many requests" is left alone for as long as it asks, and is not to blame', async (t) => {
  const aware = { ...settings, rateLimitedMaximumMs: 5_000 };
  const world = makeWorld(2, aware);
  world.report('e0', answered(429, { retryAfterMs: 2_000 }));
  world.report('e1', answered(200, { grpcStatus: 8 }));
  t.strictSame(world.out(), ['e0', 'e1'], 'the share does not count for these');
  await world.clock.advance(1_000);
  t.strictSame(world.out(), ['e0'], 'one second where nothing was asked for');
  await world.clock.advance(1_000);
  t.strictSame(world.out(), []);
  world.report('e0', answered(503, { retryAfterMs: 3_600_000 }));
  await world.clock.advance(5_000);
  t.strictSame(world.out(), [], 'never longer than the maximum');
  world.fail('e0');
  t.match(world.events.at(-1), { reason: 'consecutive-gateway-errors', forMs: 10_000 });

  const unaware = makeWorld(2);
  for (let round = 0; round < 100; round++) unaware.report('e0', answered(429));
  t.strictSame(unaware.out(), [], 'unless it is asked for');
});

test('an endpoint that goes leaves no timer behind', async (t) => {
  const world = makeWorld(10);
  world.fail('e0');
  t.equal(world.clock.pending, 1);
  world.detector.forget('e0');
  t.equal(world.clock.pending, 0);
  world.fail('e1');
  world.detector.destroy();
  t.equal(world.clock.pending, 0);
});

test('whatever happens, the share holds and everybody comes back', async (t) => {
  const outcomes = fc.constantFrom<Outcome>(
    OK,
    CONNECT_FAILED,
    answered(500),
    answered(503),
    answered(429, { retryAfterMs: 500 }),
    { kind: 'timed-out' },
  );
  const steps = fc.array(fc.tuple(fc.nat({ max: 19 }), outcomes, fc.nat({ max: 3_000 })), {
    maxLength: 300,
  });
  const eager = {
    ...settings,
    consecutive5xxErrors: 2,
    consecutiveGatewayErrors: 2,
    failureRatioPercent: 60,
    failureRatioMinimumRequests: 3,
    rateLimitedMaximumMs: 1_000,
    maximumEjectedPercent: 25,
  };
  await fc.assert(
    fc.asyncProperty(steps, async (moves) => {
      const world = makeWorld(20, eager);
      for (const [index, outcome, pauseMs] of moves) {
        world.report(`e${index}`, outcome);
        const failing = world.out().filter((id) => world.health(id).out?.reason !== 'rate-limited');
        if (failing.length > 5) throw new Error(`${failing.length} of 20 are out`);
        if (world.detector.outCount !== world.out().length) throw new Error('counted wrongly');
        await world.clock.advance(pauseMs);
      }
      await world.clock.advance(400_000);
      if (world.out().length > 0 || world.clock.pending > 0) throw new Error('somebody is still out');
    }),
    { numRuns: 100 },
  );
  t.pass('in every history');
});

test('a window counts what a plain list of the last while would, but for its slots', async (t) => {
  const WINDOW_MS = 1_000;
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.boolean(), fc.nat({ max: 400 })), { maxLength: 100 }), (requests) => {
      const window = createFailureWindow();
      const plain: { readonly atMs: number; readonly failed: boolean }[] = [];
      let nowMs = 12_345;
      for (const [failed, pauseMs] of requests) {
        nowMs += pauseMs;
        window.add(failed, nowMs, WINDOW_MS);
        plain.push({ atMs: nowMs, failed });
        const counted = window.counts(nowMs, WINDOW_MS);
        const atMost = plain.filter(({ atMs }) => atMs > nowMs - WINDOW_MS);
        const atLeast = plain.filter(({ atMs }) => atMs > nowMs - WINDOW_MS * 0.9);
        if (counted.requests > atMost.length || counted.requests < atLeast.length)
          throw new Error(`${counted.requests} not in ${atLeast.length} to ${atMost.length}`);
        if (counted.failures > atMost.filter((request) => request.failed).length) throw new Error('failures');
      }
    }),
  );
  t.pass('within one slot');
});

function makeWorld(size: number, ejection = settings, random = () => 0) {
  const clock = createFakeClock();
  const healths = new Map(Array.from({ length: size }, (_, index) => [`e${index}`, createEndpointHealth()]));
  const health = (id: string) => healths.get(id) ?? createEndpointHealth();
  const events: OutlierEvent<string>[] = [];
  const detector = createOutlierDetector<string>({
    clock,
    random,
    count: () => size,
    healthOf: health,
    onEvent: (event) => events.push(event),
  });
  const report = (id: string, ...outcomes: readonly Outcome[]): void => {
    for (const outcome of outcomes) detector.report(id, outcome, ejection);
  };
  return {
    clock,
    detector,
    events,
    health,
    report,
    fail: (id: string) => report(id, ...Array.from({ length: 5 }, () => CONNECT_FAILED)),
    isOut: (id: string) => health(id).out !== undefined,
    out: () => [...healths].filter(([, { out }]) => out !== undefined).map(([id]) => id),
  };
}
