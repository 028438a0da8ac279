import type { Rates } from '../../model/index.ts';
import { volumeOf } from './health.ts';

/**
 * Rates of several edges as those of one. Success and the median weigh by volume; of p90 and p99 the worst counts, since
 * percentiles do not add up and the worst is what somebody looks for.
 */
export function mergeRates(all: readonly Rates[]): Rates {
  const sum = (pick: (rates: Rates) => number): number =>
    all.reduce((total, rates) => total + pick(rates), 0);
  const volume = sum(volumeOf);
  const timed = all.filter((rates) => rates.p50Ms !== undefined);
  const timedVolume = timed.reduce((total, rates) => total + volumeOf(rates), 0);
  return {
    seconds: Math.max(0, ...all.map((rates) => rates.seconds)),
    connects: sum((rates) => rates.connects),
    requests: sum((rates) => rates.requests),
    sentBytes: sum((rates) => rates.sentBytes),
    receivedBytes: sum((rates) => rates.receivedBytes),
    refused: sum((rates) => rates.refused),
    failed: sum((rates) => rates.failed),
    retries: sum((rates) => rates.retries),
    success: volume === 0 ? 1 : sum((rates) => rates.success * volumeOf(rates)) / volume,
    p50Ms:
      timedVolume === 0
        ? worstOf(timed.map((rates) => rates.p50Ms))
        : timed.reduce((total, rates) => total + (rates.p50Ms ?? 0) * volumeOf(rates), 0) / timedVolume,
    p90Ms: worstOf(all.map((rates) => rates.p90Ms)),
    p99Ms: worstOf(all.map((rates) => rates.p99Ms)),
  };
}

function worstOf(values: readonly (number | undefined)[]): number | undefined {
  const known = values.filter((value) => value !== undefined);
  return known.length === 0 ? undefined : Math.max(...known);
}
