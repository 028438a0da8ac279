import { test } from 'tap';
import { KEPT_MS } from '../../../src/model/index.ts';
import { createRuleRates } from '../../../src/waypoint/observation/rule-rates.ts';
import { createFakeClock } from '../../support/fake-clock.ts';

test('requests to a service without routes are told as its default route, while they are remembered', async (t) => {
  const clock = createFakeClock();
  const rates = createRuleRates(clock);
  const cart = { namespace: 'shop', name: 'cart' };
  t.same(rates.defaults(60_000), []);
  for (let left = 3; left > 0; left--) rates.countDefault(cart, { requests: 1, status: 200, tookMs: 5 });
  const [first] = rates.defaults(60_000);
  t.match(first, { ...cart, rates: { success: 1 } });
  t.equal(Math.round((first?.rates.requests ?? 0) * (first?.rates.seconds ?? 0)), 3);
  await clock.advance(120_000);
  t.match(rates.defaults(60_000), [{ ...cart, rates: { requests: 0 } }]);
  await clock.advance(2 * KEPT_MS);
  t.same(rates.defaults(60_000), []);
});
