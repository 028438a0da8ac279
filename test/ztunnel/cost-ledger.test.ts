import { test } from 'tap';
import { createCostLedger } from '../../src/ztunnel/observation/cost-ledger.ts';
import { makeWorkload } from '../model/mesh-fixtures.ts';
import { createFakeClock } from '../support/fake-clock.ts';

const CART = makeWorkload({ name: 'cart-1', workloadName: 'cart' });
const WEB = makeWorkload({ name: 'web-1', workloadName: 'web' });

test('processor time is shared out by what was done for whom, bytes as they are', async (t) => {
  const clock = createFakeClock();
  let cpuSeconds = 10;
  const ledger = createCostLedger({ clock, cpuSeconds: () => cpuSeconds });
  ledger.note(CART, { connects: 30, bytes: 300 });
  ledger.note(WEB, { connects: 10, bytes: 100 });
  cpuSeconds += 2;
  await clock.advance(10_000);
  const share = ledger.share(60_000);
  t.match(rounded(share(CART.uid)), { cpuShare: 0.75, cpuCores: 0.15, bandwidthShare: 0.75 });
  t.match(rounded(share(WEB.uid)), { cpuShare: 0.25, cpuCores: 0.05, bandwidthShare: 0.25 });
  t.equal(share(makeWorkload({ name: 'idle' }).uid), undefined);
  t.match(ledger.totals().map(rounded), [
    { namespace: 'shop', workload: 'cart', connects: 30, bytes: 300, cpuSeconds: 1.5 },
    { workload: 'web', cpuSeconds: 0.5 },
  ]);
});

test('time in which nothing was done for anybody is nobody’s', async (t) => {
  const clock = createFakeClock();
  let cpuSeconds = 0;
  const ledger = createCostLedger({ clock, cpuSeconds: () => cpuSeconds });
  ledger.note(CART, { connects: 1 });
  cpuSeconds = 1;
  ledger.totals();
  await clock.advance(5_000);
  cpuSeconds = 3;
  t.match(ledger.share(60_000)(CART.uid), { cpuShare: 1 / 3 });
});

test('what is older than the window does not count', async (t) => {
  const clock = createFakeClock();
  const ledger = createCostLedger({ clock, cpuSeconds: () => clock.monotonic() / 1_000 });
  ledger.note(CART, { bytes: 1_000 });
  ledger.totals();
  await clock.advance(120_000);
  ledger.note(WEB, { bytes: 10 });
  t.equal(ledger.share(60_000)(CART.uid), undefined);
  t.match(ledger.share(60_000)(WEB.uid), { bandwidthShare: 1 });
});

test('totals of workloads that have left expire, and those of too many are summed up', async (t) => {
  const clock = createFakeClock();
  const ledger = createCostLedger({ clock, cpuSeconds: () => 0 });
  for (let number = 0; number < 1_500; number++)
    ledger.note(makeWorkload({ name: `pod-${number}` }), { connects: 1 });
  const totals = ledger.totals();
  t.equal(totals.length, 1_001);
  t.match(totals.at(-1), { namespace: '', workload: 'other', connects: 500 });
  await clock.advance(1_000_000);
  ledger.note(CART, { connects: 1 });
  t.same(
    ledger.totals().map(({ workload }) => workload),
    ['cart', 'other'],
  );
});

/** Numbers without the noise of divisions. */
function rounded(value: object | undefined): object {
  return Object.fromEntries(
    Object.entries(value ?? {}).map(([name, one]) => [
      name,
      typeof one === 'number' ? Math.round(one * 1e9) / 1e9 : one,
    ]),
  );
}
