import { LATENCY_BOUNDS_MS, type Rates } from '../../../model/index.ts';
import type { Tally } from './tally.ts';

/** Counts of `seconds` as rates. */
export function ratesOf(tally: Tally, seconds: number): Rates {
  const errors = tally.failed + (tally.statuses?.[4] ?? 0) + tally.grpcErrors;
  const bad = errors + tally.refused;
  // A request that was refused or failed is a request; a connection that was, has often not been opened.
  const tries = tally.requests > 0 ? Math.max(tally.requests, bad) : tally.opened + bad;
  return {
    seconds,
    connects: tally.opened / seconds,
    requests: tally.requests / seconds,
    sentBytes: tally.sentBytes / seconds,
    receivedBytes: tally.receivedBytes / seconds,
    refused: tally.refused / seconds,
    failed: errors / seconds,
    retries: tally.retries / seconds,
    success: tries === 0 ? 1 : (tries - bad) / tries,
    p50Ms: quantileMs(tally.latency, 0.5),
    p90Ms: quantileMs(tally.latency, 0.9),
    p99Ms: quantileMs(tally.latency, 0.99),
  };
}

/** Within a bucket as if all of it were evenly spread. Undefined when nothing was timed. */
function quantileMs(latency: ArrayLike<number> | undefined, quantile: number): number | undefined {
  if (latency === undefined) return undefined;
  let total = 0;
  for (let index = 0; index < latency.length; index++) total += latency[index] ?? 0;
  if (total === 0) return undefined;
  const rank = quantile * total;
  let below = 0;
  for (let index = 0; index < latency.length; index++) {
    const count = latency[index] ?? 0;
    if (count > 0 && below + count >= rank) return within(index, (rank - below) / count);
    below += count;
  }
  return LONGEST_MS;
}

function within(bucket: number, share: number): number {
  const lower = LATENCY_BOUNDS_MS[bucket - 1] ?? 0;
  const upper = LATENCY_BOUNDS_MS[bucket] ?? LONGEST_MS;
  return Math.round((lower + (upper - lower) * share) * 1_000) / 1_000;
}

const LONGEST_MS = LATENCY_BOUNDS_MS.at(-1) ?? 0;
