import fc from 'fast-check';
import { test } from 'tap';
import { createBackoff } from '../../src/base/index.ts';

test('delays double from the initial one to the maximum, and start again after a success', async (t) => {
  const backoff = createBackoff({ initialMs: 10, maximumMs: 50 });
  t.same(
    [1, 2, 3, 4, 5].map(() => backoff.next()),
    [10, 20, 40, 50, 50],
  );
  backoff.reset();
  t.equal(backoff.next(), 10);
});

test('the factor is what was asked for, and an initial delay above the maximum is cut to it', async (t) => {
  const backoff = createBackoff({ initialMs: 10, maximumMs: 1000, factor: 3 });
  t.same(
    [1, 2, 3].map(() => backoff.next()),
    [10, 30, 90],
  );
  t.equal(createBackoff({ initialMs: 10, maximumMs: 5 }).next(), 5);
});

test('jitter moves a delay by its share at most, each way, and not the delays after it', async (t) => {
  const low = createBackoff({ initialMs: 100, maximumMs: 400, jitter: 0.2 }, () => 0);
  t.same(
    [1, 2, 3, 4].map(() => Math.round(low.next())),
    [80, 160, 320, 320],
  );
  fc.assert(
    fc.property(
      fc.record({
        initialMs: fc.integer({ min: 1, max: 1000 }),
        maximumMs: fc.integer({ min: 1, max: 60_000 }),
        factor: fc.double({ min: 1, max: 5, noNaN: true }),
        jitter: fc.double({ min: 0, max: 1, noNaN: true }),
      }),
      fc.infiniteStream(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })),
      (config, draws) => {
        const backoff = createBackoff(config, () => draws.next().value);
        return Array.from({ length: 20 }, () => backoff.next()).every(
          (delayMs) => delayMs >= 0 && delayMs <= config.maximumMs * (1 + config.jitter) + 1e-6,
        );
      },
    ),
  );
});
