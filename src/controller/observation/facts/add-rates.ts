import type { Rates } from '../../../model/index.ts';

/** The rates of two things together. Quantiles cannot be added: the slower one's are taken. */
export function addRates(a: Rates, b: Rates): Rates {
  const [weightA, weightB] = [a.requests + a.connects, b.requests + b.connects];
  const weight = weightA + weightB;
  return {
    seconds: Math.max(a.seconds, b.seconds),
    connects: a.connects + b.connects,
    requests: a.requests + b.requests,
    sentBytes: a.sentBytes + b.sentBytes,
    receivedBytes: a.receivedBytes + b.receivedBytes,
    refused: a.refused + b.refused,
    failed: a.failed + b.failed,
    retries: a.retries + b.retries,
    success: weight === 0 ? 1 : (a.success * weightA + b.success * weightB) / weight,
    p50Ms: slower(a.p50Ms, b.p50Ms),
    p90Ms: slower(a.p90Ms, b.p90Ms),
    p99Ms: slower(a.p99Ms, b.p99Ms),
  };
}

function slower(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? (a ?? b) : Math.max(a, b);
}
