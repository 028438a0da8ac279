import fc from 'fast-check';
import { test } from 'tap';
import { createWeightedChoice } from '../../../src/waypoint/routing/weighted-choice.ts';

function counts(weights: readonly number[], draws: number, start: number): number[] {
  const choice = createWeightedChoice(weights, () => start);
  const seen = weights.map(() => 0);
  for (let draw = 0; draw < draws; draw++) {
    const index = choice.next();
    if (index !== undefined) seen[index] = (seen[index] ?? 0) + 1;
  }
  return seen;
}

test('each share gets what it is due, and one of weight 0 nothing', async (t) => {
  const weights = fc.array(fc.oneof(fc.nat(100), fc.constant(0)), { minLength: 1, maxLength: 5 });
  const start = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
  fc.assert(
    fc.property(weights, start, (list, from) => {
      const total = list.reduce((sum, weight) => sum + weight, 0);
      const seen = counts(list, 500, from);
      for (const [index, weight] of list.entries()) {
        const due = total === 0 ? 0 : (500 * weight) / total;
        if (weight === 0 ? seen[index] !== 0 : Math.abs((seen[index] ?? 0) - due) > 10)
          throw new Error(`expected ${due} of 500 for weight ${weight}, got ${seen[index]}`);
      }
    }),
  );
  t.same(counts([0, 0], 10, 0.5), [0, 0]);
  t.same(counts([], 10, 0.5), []);
});

test('a rhythm in the requests does not fall together with the choice', async (t) => {
  for (const period of [2, 3, 4, 5, 7, 10]) {
    const choice = createWeightedChoice([1, 1], () => 0);
    let first = 0;
    for (let draw = 0; draw < 1_000 * period; draw++)
      if (choice.next() === 0 && draw % period === 0) first += 1;
    t.ok(Math.abs(first - 500) <= 20, `every ${period}th request: ${first} of 1000`);
  }
});

test('a start just below one ends in a share', async (t) => {
  const choice = createWeightedChoice([3, 0], () => 1 - Number.EPSILON);
  const drawn = new Set(Array.from({ length: 1_000 }, () => choice.next()));
  t.same([...drawn], [0]);
});
