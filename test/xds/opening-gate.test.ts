import { test } from 'tap';
import { createOpeningGate } from '../../src/xds/server/opening-gate.ts';
import { createFakeClock } from '../support/fake-clock.ts';

test('streams come in one after the other, in their order, as those before are answered', async (t) => {
  const gate = createOpeningGate(2, createFakeClock());
  const leave = [await gate.enter(), await gate.enter()];
  const order: string[] = [];
  const third = gate.enter().then((go) => {
    order.push('third');
    return go;
  });
  const fourth = gate.enter().then((go) => {
    order.push('fourth');
    return go;
  });
  await new Promise((resolve) => setImmediate(resolve));
  t.same(order, []);
  t.equal(gate.waiting, 2);
  leave[0]?.();
  leave[0]?.();
  (await third)();
  (await fourth)();
  t.same(order, ['third', 'fourth']);
  t.equal(gate.waiting, 0);
});

test('a stream that is never answered keeps its place for five seconds', async (t) => {
  const clock = createFakeClock();
  const gate = createOpeningGate(1, clock);
  await gate.enter();
  const second = gate.enter();
  await clock.advance(4_999);
  t.equal(gate.waiting, 1);
  await clock.advance(1);
  (await second)();
  t.equal(gate.waiting, 0);
});
