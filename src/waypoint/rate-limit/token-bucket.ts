import type { RequestLimit } from '../../model/index.ts';

/**
 * A token bucket in the form of one number (GCRA, ITU-T I.371): the moment at which it will be full again, if nothing more
 * is taken. Each request that passes moves it by `costMs`; one that would move it further than `depthMs` from now does not
 * pass. Pure: all times are milliseconds of one clock.
 */
export interface TokenBucket {
  /** In which one request comes back. */
  readonly costMs: number;
  /** In which an empty bucket fills. */
  readonly depthMs: number;
  readonly burst: number;
}

/** What taking one request of a bucket comes to. */
export interface Take {
  /** Undefined: nothing may be taken. Else when the bucket is full again after it. */
  readonly fullAtMs: number | undefined;
  /** Requests that may follow at once. */
  readonly remaining: number;
  /** Until one may be taken; 0 when it was. */
  readonly waitMs: number;
  /** Until the bucket is full. */
  readonly fillMs: number;
}

/** The interval is in milliseconds; `burst` requests may come at once. */
export function tokenBucket({ requests, intervalMs, burst }: RequestLimit): TokenBucket {
  const costMs = intervalMs / requests;
  return { costMs, depthMs: burst * costMs, burst };
}

/** `fullAtMs`: undefined or past for a bucket that is full. */
export function takeOne(bucket: TokenBucket, fullAtMs: number | undefined, nowMs: number): Take {
  const { costMs, depthMs } = bucket;
  const beforeMs = Math.max(0, (fullAtMs ?? 0) - nowMs);
  const afterMs = beforeMs + costMs;
  // Sums of fractions are not exact: a thousandth of a request must not decide.
  const excessMs = afterMs - depthMs;
  if (excessMs > costMs / 1000)
    return { fullAtMs: undefined, remaining: 0, waitMs: excessMs, fillMs: beforeMs };
  const remaining = Math.max(0, Math.floor((depthMs - afterMs) / costMs + 0.001));
  return { fullAtMs: nowMs + afterMs, remaining, waitMs: 0, fillMs: afterMs };
}
