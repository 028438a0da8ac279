import fc from 'fast-check';
import { test } from 'tap';
import { alarmTimeMs, expiryWarning, rotationTimeMs } from '../../src/identity/index.ts';

const DAY_MS = 86_400_000;

test('rotation lies at half of what was left at receipt, give or take a tenth', async (t) => {
  const times = { receivedAtMs: 1000, notAfterMs: 1000 + DAY_MS };
  t.equal(rotationTimeMs(times, 0.5), 1000 + DAY_MS / 2);
  t.equal(rotationTimeMs(times, 0), 1000 + (DAY_MS / 2) * 0.9);
  fc.assert(
    fc.property(
      fc.nat(),
      fc.nat(),
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      (from, life, random) => {
        const at = rotationTimeMs({ receivedAtMs: from, notAfterMs: from + life }, random);
        return at >= from + life * 0.45 - 1e-3 && at <= from + life * 0.55 + 1e-3;
      },
    ),
  );
});

test('the alarm comes at three quarters of the life', async (t) => {
  t.equal(alarmTimeMs({ receivedAtMs: 100, notAfterMs: 500 }), 400);
});

test('roots and intermediates warn at 30, 7 and 1 days', async (t) => {
  const rows = [
    [31, undefined],
    [30, 30],
    [8, 30],
    [7, 7],
    [1.5, 7],
    [1, 1],
    [0.01, 1],
    [0, 'expired'],
    [-5, 'expired'],
  ] as const;
  for (const [days, wanted] of rows) t.equal(expiryWarning(days * DAY_MS, 0), wanted, `${days} days`);
});
