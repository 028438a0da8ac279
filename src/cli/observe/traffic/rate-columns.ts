import type { Rates } from '../../../model/index.ts';
import type { Column } from '../columns.ts';
import { byteCount, latency, percent, perSecond } from '../numbers.ts';

/** The columns that everything with rates has. RPS are requests; CONN/S new connections. */
export function rateColumns<T extends { readonly rates: Rates }>(): readonly Column<T>[] {
  const column = (
    title: string,
    text: (rates: Rates) => string,
    more: Pick<Column<T>, 'wide' | 'spare'> = {},
  ): Column<T> => ({ title, cell: ({ rates }) => text(rates), align: 'right', ...more });
  return [
    // Whoever sees connections alone cannot tell how many requests there were.
    column('RPS', ({ requests, connects }) => (requests === 0 && connects > 0 ? '-' : perSecond(requests))),
    column('CONN/S', ({ connects }) => perSecond(connects)),
    column('SUCCESS', (rates) => (isIdle(rates) ? '-' : percent(rates.success))),
    column('P50', ({ p50Ms }) => latency(p50Ms), { spare: 9 }),
    column('P90', ({ p90Ms }) => latency(p90Ms), { spare: 8 }),
    column('P99', ({ p99Ms }) => latency(p99Ms)),
    column('BYTES/S', ({ sentBytes, receivedBytes }) => byteCount(sentBytes + receivedBytes), { spare: 7 }),
    column('REFUSED/S', ({ refused }) => perSecond(refused)),
    column('FAILED/S', ({ failed }) => perSecond(failed)),
    column('RETRIES/S', ({ retries }) => perSecond(retries), { wide: true }),
    column('TO CLIENT/S', ({ sentBytes }) => byteCount(sentBytes), { wide: true }),
    column('FROM CLIENT/S', ({ receivedBytes }) => byteCount(receivedBytes), { wide: true }),
  ];
}

/** Whether nothing was asked for, so that a share of success says nothing. */
export function isIdle({ connects, requests, refused, failed }: Rates): boolean {
  return connects + requests + refused + failed === 0;
}
