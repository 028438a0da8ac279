import type { TopologyEdge } from '../../../model/index.ts';
import { byteCount, latency, percent, perSecond } from '../numbers.ts';
import { isIdle } from '../traffic/rate-columns.ts';

/** How much, how well and how fast, in a few words: `12/s · 99.9% · p99 4ms`. */
export function edgeText({ rates, protocol, slow }: TopologyEdge): string {
  if (isIdle(rates)) return `${byteCount(rates.sentBytes + rates.receivedBytes)}/s`;
  const amount =
    protocol === 'tcp' ? `${perSecond(rates.connects)} conn/s` : `${perSecond(rates.requests)} req/s`;
  const p99 = rates.p99Ms === undefined ? [] : [`p99 ${latency(rates.p99Ms)}`];
  const refused = rates.refused > 0 ? [`${perSecond(rates.refused)} refused/s`] : [];
  const failed = rates.failed > 0 ? [`${perSecond(rates.failed)} failed/s`] : [];
  return [amount, percent(rates.success), ...p99, ...(slow ? ['slow'] : []), ...refused, ...failed].join(
    ' · ',
  );
}

/** How an edge does: red when it is refused or mostly fails, amber when some of it does, or it is slow. */
export function edgeHealth({ rates, slow }: TopologyEdge): 'idle' | 'good' | 'poor' | 'bad' {
  if (isIdle(rates)) return 'idle';
  if (rates.success < 0.95) return 'bad';
  return rates.success < 0.999 || rates.refused > 0 || slow ? 'poor' : 'good';
}
