import fc from 'fast-check';
import { test } from 'tap';
import { createKeyTable, OVERFLOW_KEY } from '../../../src/waypoint/rate-limit/key-table.ts';

test('a full table lets go of buckets that are full again, and of no others', async (t) => {
  const table = createKeyTable(2);
  table.set(table.admit('a', 0), 100);
  table.set(table.admit('b', 0), 200);
  t.equal(table.admit('c', 50), OVERFLOW_KEY, 'both are in use');
  t.equal(table.admit('a', 50), 'a', 'those that are known stay');
  t.equal(table.admit('c', 100), 'c', 'a is full again');
  t.equal(table.get('a'), undefined);
  t.equal(table.get('b'), 200);
});

test('the shared bucket is never let go, however full the table is', async (t) => {
  const table = createKeyTable(1);
  table.set(table.admit('a', 0), 1_000);
  table.set(table.admit('b', 0), 500);
  t.equal(table.get(OVERFLOW_KEY), 500);
  t.equal(table.admit('c', 600), OVERFLOW_KEY);
  t.equal(table.get(OVERFLOW_KEY), 500);
  t.equal(table.size, 2);
});

test('whatever keys come, the table keeps its size and the mark of every bucket in use', async (t) => {
  const steps = fc.array(fc.record({ key: fc.nat(50), costMs: fc.nat(300), gapMs: fc.nat(60) }), {
    maxLength: 300,
  });
  fc.assert(
    fc.property(steps, fc.integer({ min: 1, max: 20 }), (list, maximum) => {
      const table = createKeyTable(maximum);
      const known = new Map<string, number>();
      let nowMs = 0;
      for (const { key, costMs, gapMs } of list) {
        nowMs += gapMs;
        const admitted = table.admit(String(key), nowMs);
        const fullAtMs = Math.max(nowMs, table.get(admitted) ?? 0) + costMs;
        table.set(admitted, fullAtMs);
        known.set(admitted, fullAtMs);
        if (table.size > maximum + 1) throw new Error(`${table.size} keys`);
        for (const [one, atMs] of known)
          if (atMs > nowMs && table.get(one) !== atMs) throw new Error(`lost ${one}`);
      }
    }),
  );
  t.pass();
});
