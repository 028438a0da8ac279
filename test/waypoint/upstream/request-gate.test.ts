import fc from 'fast-check';
import { test } from 'tap';
import type { TrafficLimits } from '../../../src/model/index.ts';
import { WaypointError } from '../../../src/waypoint/errors.ts';
import { DEFAULT_TRAFFIC_SETTINGS } from '../../../src/waypoint/traffic/default-settings.ts';
import { createRequestGate } from '../../../src/waypoint/upstream/limits/request-gate.ts';
import { createFakeClock } from '../../support/fake-clock.ts';

const never = new AbortController().signal;

test('requests beyond the limit wait for their turn, first come first served', async (t) => {
  const { gate, enter } = makeGate({ maximumActiveRequests: 2 });
  const [first, second] = [await enter(), await enter()];
  const order: string[] = [];
  const noted = async (name: string): Promise<() => void> => {
    const release = await enter();
    order.push(name);
    return release;
  };
  const third = noted('third');
  const fourth = noted('fourth');
  t.match({ ...snapshot(gate) }, { active: 2, pending: 2 });
  first();
  first();
  (await third)();
  await fourth;
  second();
  t.strictSame(order, ['third', 'fourth']);
  (await fourth)();
  t.match(snapshot(gate), { active: 0, pending: 0 });
});

test('a full line is refused at once, and a long wait in the end; both with their reason', async (t) => {
  const { clock, enter, overflows } = makeGate({
    maximumActiveRequests: 1,
    maximumPendingRequests: 1,
    maximumPendingMs: 100,
  });
  const release = await enter();
  const waiting = enter();
  await t.rejects(enter(), { code: 'ERR_WAYPOINT_OVERFLOW', reason: 'overflow-pending-requests' });
  const timedOut = t.rejects(waiting, { code: 'ERR_WAYPOINT_OVERFLOW', reason: 'overflow-pending-time' });
  await clock.advance(100);
  await timedOut;
  t.strictSame(overflows, ['pending-requests', 'pending-time']);
  release();
  t.equal(clock.pending, 0);
});

test('an overflow is nobody else’s fault and is not tried again', async (t) => {
  const { enter } = makeGate({ maximumActiveRequests: 0, maximumPendingRequests: 0 });
  const error: unknown = await enter().catch((cause: unknown) => cause);
  t.ok(error instanceof WaypointError);
  t.match(error, { retryable: false, blame: 'local' });
});

test('who gives up while waiting leaves the line', async (t) => {
  const { gate, clock, enter } = makeGate({ maximumActiveRequests: 1 });
  const release = await enter();
  const giveUp = new AbortController();
  const waiting = enter(giveUp.signal);
  const reason = new Error('gone');
  giveUp.abort(reason);
  await t.rejects(waiting, reason);
  t.equal(gate.pending, 0);
  t.equal(clock.pending, 0);
  await t.rejects(enter(giveUp.signal), reason, 'also when it was gone before');
  release();
  (await enter())();
});

test('retries have a limit of their own', async (t) => {
  const { gate, limits } = makeGate({ maximumActiveRetries: 1 });
  const release = await gate.enter({ limits, isRetry: true, signal: never });
  await t.rejects(gate.enter({ limits, isRetry: true, signal: never }), {
    code: 'ERR_WAYPOINT_OVERFLOW',
    reason: 'overflow-active-retries',
  });
  const other = await gate.enter({ limits, isRetry: false, signal: never });
  t.match(snapshot(gate), { active: 2, retries: 1 });
  release();
  other();
  t.equal(gate.retries, 0);
  (await gate.enter({ limits, isRetry: true, signal: never }))();
});

test('a limit that was lowered holds for those who wait already running requests notwithstanding', async (t) => {
  const { gate, limits } = makeGate({});
  const many = await Promise.all(
    Array.from({ length: 5 }, () => gate.enter({ limits, isRetry: false, signal: never })),
  );
  const lowered = { ...limits, maximumActiveRequests: 2 };
  const waiting = gate.enter({ limits: lowered, isRetry: false, signal: never });
  for (const release of many.slice(0, 3)) release();
  t.equal(gate.pending, 1);
  many[3]?.();
  (await waiting)();
  many[4]?.();
  t.equal(gate.active, 0);
});

test('connections are counted, and a freed one goes to who has waited longest', async (t) => {
  const { gate, limits } = makeGate({ maximumConnections: 1 });
  t.equal(gate.takeConnection(limits), true);
  t.equal(gate.takeConnection(limits), false);
  const got: string[] = [];
  const take = (name: string) => () => gate.takeConnection(limits) && got.push(name) > 0;
  const first = gate.waitForConnection({ limits, signal: never }, take('first'));
  const second = gate.waitForConnection({ limits, signal: never }, take('second'));
  t.equal(gate.pending, 2);
  gate.noticeIdle();
  t.strictSame(got, [], 'a notice is no connection');
  gate.releaseConnection();
  await first;
  t.strictSame(got, ['first']);
  gate.releaseConnection();
  await second;
  t.strictSame(got, ['first', 'second']);
  const none = { ...limits, maximumPendingRequests: 0 };
  await t.rejects(gate.waitForConnection({ limits: none, signal: never }, take('x')), {
    code: 'ERR_WAYPOINT_OVERFLOW',
    reason: 'overflow-connections',
  });
});

test('no history ever lets more through than the limit, and all of it ends at nothing', async (t) => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 4 }),
      fc.array(fc.constantFrom('enter', 'leave', 'abort', 'time'), { maxLength: 80 }),
      async (most, steps) => {
        const { gate, clock, enter } = makeGate({ maximumActiveRequests: most, maximumPendingMs: 50 });
        const releases: (() => void)[] = [];
        const aborts: AbortController[] = [];
        for (const step of steps) {
          if (step === 'enter') {
            const controller = new AbortController();
            aborts.push(controller);
            enter(controller.signal).then(
              (release) => releases.push(release),
              () => undefined,
            );
          } else if (step === 'leave') releases.shift()?.();
          else if (step === 'abort') aborts.pop()?.abort();
          await clock.advance(step === 'time' ? 60 : 0);
          if (gate.active > most) throw new Error(`${gate.active} of ${most}`);
        }
        for (const controller of aborts) controller.abort();
        await clock.advance(0);
        for (const release of releases) release();
        if (gate.active + gate.pending + clock.pending !== 0) throw new Error(JSON.stringify(snapshot(gate)));
      },
    ),
    { numRuns: 60 },
  );
  t.pass('in no history');
});

function makeGate(over: Partial<TrafficLimits>) {
  const clock = createFakeClock();
  const limits = { ...DEFAULT_TRAFFIC_SETTINGS.limits, ...over };
  const overflows: string[] = [];
  const gate = createRequestGate({
    name: 'shop/cart:80',
    clock,
    onOverflow: (reason) => overflows.push(reason),
    closeIdle: () => false,
  });
  const enter = (signal = never): Promise<() => void> => gate.enter({ limits, isRetry: false, signal });
  return { gate, clock, limits, overflows, enter };
}

function snapshot(gate: ReturnType<typeof makeGate>['gate']) {
  const { active, pending, retries, connections } = gate;
  return { active, pending, retries, connections };
}
