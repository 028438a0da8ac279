import { test } from 'tap';
import { createLineBudget } from '../../src/base/index.ts';
import { createFakeClock } from '../support/fake-clock.ts';

test('of what strangers cause only so much is logged in a period, and then how much was not', async (t) => {
  const clock = createFakeClock();
  const passedOver: number[] = [];
  const mayLog = createLineBudget({
    lines: 3,
    periodMs: 1_000,
    clock,
    onPassedOver: (count) => passedOver.push(count),
  });
  t.same([mayLog(), mayLog(), mayLog(), mayLog(), mayLog()], [true, true, true, false, false]);
  await clock.advance(999);
  t.same(passedOver, []);
  await clock.advance(1);
  t.same(passedOver, [2]);
  t.equal(mayLog(), true);
  await clock.advance(1_000);
  t.same(passedOver, [2], 'nothing to tell of a period in which all was logged');
});
