import type { Rates } from '../../../src/model/index.ts';

/** Rates where only what matters is said; success follows from the rest. */
export function ratesOf(said: Partial<Rates> = {}): Rates {
  const { requests = 0, connects = 0, refused = 0, failed = 0 } = said;
  const volume = Math.max(requests, connects, refused + failed);
  return {
    seconds: 60,
    connects,
    requests,
    sentBytes: volume * 1_400,
    receivedBytes: volume * 300,
    refused,
    failed,
    retries: 0,
    success: volume === 0 ? 1 : 1 - (refused + failed) / volume,
    p50Ms: volume === 0 ? undefined : 2.1,
    p90Ms: volume === 0 ? undefined : 5.7,
    p99Ms: volume === 0 ? undefined : 11.3,
    ...said,
  };
}
