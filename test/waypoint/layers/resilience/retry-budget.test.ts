import fc from 'fast-check';
import { test } from 'tap';
import type { RetryBudget } from '../../../../src/model/index.ts';
import { createRetryBudgets } from '../../../../src/waypoint/layers/resilience/budget/retry-budgets.ts';
import { createSlidingSum } from '../../../../src/waypoint/layers/resilience/budget/sliding-sum.ts';
import { createFakeClock } from '../../../support/fake-clock.ts';

const twenty: RetryBudget = { percent: 20, intervalMs: 10_000, minimumRetries: 0, minimumIntervalMs: 1_000 };
const withMinimum: RetryBudget = { ...twenty, minimumRetries: 10 };

function times(count: number, action: () => unknown): number {
  let done = 0;
  for (let index = 0; index < count; index++) if (action() !== false) done += 1;
  return done;
}

test('a sliding sum forgets what is older than its interval', async (t) => {
  const clock = createFakeClock();
  const sum = createSlidingSum(clock, 1_000);
  sum.add(5);
  await clock.advance(500);
  sum.add(2);
  t.equal(sum.total(), 7);
  await clock.advance(499);
  t.equal(sum.total(), 7);
  await clock.advance(1);
  t.equal(sum.total(), 2);
  await clock.advance(60_000);
  t.equal(sum.total(), 0);
  sum.add(1);
  t.equal(sum.total(), 1);
});

test('retries are a fifth of the requests of the last ten seconds', async (t) => {
  const clock = createFakeClock();
  const budgets = createRetryBudgets(clock, twenty);
  const retry = () => budgets.take('a', twenty);
  t.equal(times(10, retry), 0, 'none without requests');
  times(100, () => budgets.noteRequest('a', twenty));
  t.equal(times(100, retry), 20);
  await clock.advance(5_000);
  times(10, () => budgets.noteRequest('a', twenty));
  t.equal(times(100, retry), 2);
  await clock.advance(20_000);
  t.equal(times(100, retry), 0, 'old requests earn nothing');
});

test('the minimum rate is there when nothing was earned, and not on top of it', async (t) => {
  const clock = createFakeClock();
  const budgets = createRetryBudgets(clock, withMinimum);
  const retry = () => budgets.take('a', withMinimum);
  t.equal(times(100, retry), 10);
  await clock.advance(1_000);
  t.equal(times(100, retry), 10);
  await clock.advance(60_000);
  times(1_000, () => budgets.noteRequest('a', withMinimum));
  t.equal(times(1_000, retry), 200);
  await clock.advance(1_500);
  t.equal(times(1_000, retry), 0, 'more than the minimum of ten seconds is spent already');
});

test('one backend cannot spend what another has earned', async (t) => {
  const clock = createFakeClock();
  const budgets = createRetryBudgets(clock, twenty);
  times(100, () => budgets.noteRequest('busy', twenty));
  times(10, () => budgets.noteRequest('broken', twenty));
  t.equal(
    times(100, () => budgets.take('broken', twenty)),
    2,
  );
  t.equal(
    times(100, () => budgets.take('busy', twenty)),
    20,
  );
});

test('the minimum rate of many backends is one together', async (t) => {
  const budgets = createRetryBudgets(createFakeClock(), withMinimum);
  const granted = Array.from({ length: 20 }, (_, index) =>
    times(10, () => budgets.take(`${index}`, withMinimum)),
  );
  t.equal(
    granted.reduce((sum, count) => sum + count, 0),
    10,
  );
});

test('a budget that a policy makes larger is larger, also for the process', async (t) => {
  const all: RetryBudget = { ...twenty, percent: 100 };
  const budgets = createRetryBudgets(createFakeClock(), twenty);
  times(100, () => budgets.noteRequest('a', all));
  t.equal(
    times(200, () => budgets.take('a', all)),
    100,
  );
});

test('a budget whose times change starts anew', async (t) => {
  const budgets = createRetryBudgets(createFakeClock(), twenty);
  times(100, () => budgets.noteRequest('a', twenty));
  const longer = { ...twenty, intervalMs: 20_000 };
  t.equal(
    times(10, () => budgets.take('a', longer)),
    0,
  );
});

type Step = {
  readonly waitMs: number;
  readonly backend: string;
  readonly requests: number;
  readonly retries: number;
};

const step: fc.Arbitrary<Step> = fc.record({
  waitMs: fc.oneof(fc.nat(1_200), fc.nat(15_000)),
  backend: fc.constantFrom('a', 'b', 'c'),
  requests: fc.nat(60),
  retries: fc.nat(40),
});

test('over any time there are never more retries than a fifth of the requests', async (t) => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
      const clock = createFakeClock();
      const budgets = createRetryBudgets(clock, twenty);
      const made = new Map<string, { requests: number; retries: number }>();
      for (const { waitMs, backend, requests, retries } of steps) {
        await clock.advance(waitMs);
        const sums = made.get(backend) ?? { requests: 0, retries: 0 };
        made.set(backend, sums);
        sums.requests += times(requests, () => budgets.noteRequest(backend, twenty));
        sums.retries += times(retries, () => budgets.take(backend, twenty));
        if (sums.retries > sums.requests / 5)
          throw new Error(`${sums.retries} retries for ${sums.requests} requests`);
      }
    }),
    { numRuns: 200 },
  );
  t.pass();
});

test('with a minimum there are never more than that or a fifth in any ten seconds, whichever is more', async (t) => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
      const clock = createFakeClock();
      const budgets = createRetryBudgets(clock, withMinimum);
      const log: { readonly atMs: number; readonly requests: number; readonly retries: number }[] = [];
      for (const { waitMs, backend, requests, retries } of steps) {
        await clock.advance(waitMs);
        const atMs = clock.monotonic();
        times(requests, () => budgets.noteRequest(backend, withMinimum));
        const granted = times(retries, () => budgets.take(backend, withMinimum));
        log.push({ atMs, requests, retries: granted });
        if (granted === 0) continue;
        // What is remembered may be up to a tenth shorter than the interval; so look at the shorter one.
        const lately = log.filter((entry) => entry.atMs > atMs - 9_000);
        const seen = log.filter((entry) => entry.atMs > atMs - 10_000);
        const sum = (list: typeof log, what: 'requests' | 'retries') =>
          list.reduce((total, entry) => total + entry[what], 0);
        const limit = Math.max(100, sum(seen, 'requests') / 5);
        if (sum(lately, 'retries') > limit)
          throw new Error(`${sum(lately, 'retries')} retries, limit ${limit}`);
      }
    }),
    { numRuns: 200 },
  );
  t.pass();
});
