import fc from 'fast-check';
import { test } from 'tap';
import { takeOne, tokenBucket } from '../../../src/waypoint/rate-limit/token-bucket.ts';

const limits = fc.record({
  requests: fc.integer({ min: 1, max: 10_000 }),
  intervalMs: fc.integer({ min: 100, max: 86_400_000 }),
  burst: fc.integer({ min: 1, max: 500 }),
  per: fc.constant([]),
});
/** Times at which requests come, in order. */
const arrivals = fc
  .array(fc.oneof(fc.constant(0), fc.double({ min: 0, max: 1, noNaN: true })), { maxLength: 400 })
  .map((gaps) => gaps);

test('in any stretch of time at most the burst and what came back meanwhile pass', async (t) => {
  fc.assert(
    fc.property(limits, arrivals, fc.nat(10_000_000), (limit, gaps, startMs) => {
      const bucket = tokenBucket(limit);
      const passed: number[] = [];
      let nowMs = startMs;
      let fullAtMs: number | undefined;
      for (const gap of gaps) {
        nowMs += gap * bucket.costMs * 3;
        const take = takeOne(bucket, fullAtMs, nowMs);
        if (take.fullAtMs === undefined) continue;
        fullAtMs = take.fullAtMs;
        passed.push(nowMs);
      }
      for (let first = 0; first < passed.length; first++) {
        for (let last = first; last < passed.length; last++) {
          const stretchMs = (passed[last] ?? 0) - (passed[first] ?? 0);
          const most = limit.burst + stretchMs / bucket.costMs + 0.01;
          if (last - first + 1 > most)
            throw new Error(`${last - first + 1} passed within ${stretchMs} ms, expected at most ${most}`);
        }
      }
    }),
    { numRuns: 300 },
  );
  t.pass('300 sequences');
});

test('nobody waits longer than told, nor passes before', async (t) => {
  fc.assert(
    fc.property(limits, fc.double({ min: 0, max: 1, noNaN: true }), (limit, share) => {
      const bucket = tokenBucket(limit);
      let fullAtMs: number | undefined;
      for (let taken = 0; taken < limit.burst; taken++) {
        const take = takeOne(bucket, fullAtMs, 1_000);
        if (take.remaining !== limit.burst - taken - 1) throw new Error(`remaining ${take.remaining}`);
        fullAtMs = take.fullAtMs;
      }
      const refused = takeOne(bucket, fullAtMs, 1_000);
      if (refused.fullAtMs !== undefined) throw new Error('more than the burst passed');
      const early = takeOne(bucket, fullAtMs, 1_000 + refused.waitMs * share * 0.99);
      if (early.fullAtMs !== undefined && early.waitMs === 0) throw new Error('passed before its time');
      if (takeOne(bucket, fullAtMs, 1_000 + refused.waitMs).fullAtMs === undefined)
        throw new Error('refused at the time it was told');
    }),
    { numRuns: 300 },
  );
  t.pass('300 buckets');
});

test('a long run lets pass what the rate says, to within one request', async (t) => {
  fc.assert(
    fc.property(limits, (limit) => {
      const bucket = tokenBucket(limit);
      let fullAtMs: number | undefined;
      let passed = 0;
      // Twice as many come as may pass.
      const tries = limit.burst * 2 + 2_000;
      for (let index = 0; index < tries; index++) {
        const take = takeOne(bucket, fullAtMs, (index * bucket.costMs) / 2);
        if (take.fullAtMs === undefined) continue;
        fullAtMs = take.fullAtMs;
        passed += 1;
      }
      const expected = Math.min(tries, limit.burst + (tries - 1) / 2);
      if (Math.abs(passed - expected) > 1) throw new Error(`${passed} of ${tries}, expected ${expected}`);
    }),
    { numRuns: 100 },
  );
  t.pass('100 limits');
});
