import type { Rates } from '../../../model/index.ts';
import type { Column } from '../columns.ts';
import { byteCount, latency, percent, perSecond } from '../numbers.ts';

/** The columns that everything with rates has. RPS are requests; CONN/S new connections. */
export function rateColumns<T extends { readonly rates: Rates }>(): readonly Column<T>[] {
  const column = (title: string, text: (rates: Rates) => string, wide?: true): Column<T> => ({
    title,
    cell: ({ rates }) => text(rates),
    align: 'right',
    ...(wide === undefined ? {} : { wide }),
  });
  return [
    column('RPS', ({ requests }) => perSecond(requests)),
    column('CONN/S', ({ connects }) => perSecond(connects)),
    column('SUCCESS', (rates) => (isIdle(rates) ? '-' : percent(rates.success))),
    column('P50', ({ p50Ms }) => latency(p50Ms)),
    column('P90', ({ p90Ms }) => latency(p90Ms)),
    column('P99', ({ p99Ms }) => latency(p99Ms)),
    column('BYTES/S', ({ sentBytes, receivedBytes }) => byteCount(sentBytes + receivedBytes)),
    column('REFUSED/S', ({ refused }) => perSecond(refused)),
    column('FAILED/S', ({ failed }) => perSecond(failed)),
    column('RETRIES/S', ({ retries }) => perSecond(retries), true),
    column('TO CLIENT/S', ({ sentBytes }) => byteCount(sentBytes), true),
    column('FROM CLIENT/S', ({ receivedBytes }) => byteCount(receivedBytes), true),
  ];
}

/** Whether nothing was asked for, so that a share of success says nothing. */
export function isIdle({ connects, requests, refused, failed }: Rates): boolean {
  return connects + requests + refused + failed === 0;
}
