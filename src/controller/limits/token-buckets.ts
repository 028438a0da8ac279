import type { Clock } from '../../base/index.ts';

export interface TokenBucketsOptions {
  /** How many tokens come back to a bucket in a second. */
  readonly perSecond: number;
  /** How many a bucket holds, and begins with. */
  readonly burst: number;
  readonly clock: Clock;
  /** Buckets that are kept; beyond, the one that has rested longest is forgotten, which is as good as full. Default 20,000. */
  readonly maxKeys?: number;
}

/** A bucket of tokens for each of many callers. Costs nothing while nobody calls. */
export interface TokenBuckets {
  /** Takes a token out of the bucket of `key`; false: there is none, and nothing was taken. */
  take(key: string): boolean;
  /** Buckets held. */
  readonly size: number;
}

export function createTokenBuckets(options: TokenBucketsOptions): TokenBuckets {
  const { perSecond, burst, clock, maxKeys = 20_000 } = options;
  /** The one that was used last is the last. */
  const buckets = new Map<string, { readonly tokens: number; readonly atMs: number }>();
  return {
    take(key) {
      const nowMs = clock.monotonic();
      const known = buckets.get(key);
      const tokens =
        known === undefined
          ? burst
          : Math.min(burst, known.tokens + ((nowMs - known.atMs) / 1_000) * perSecond);
      buckets.delete(key);
      buckets.set(key, { tokens: tokens < 1 ? tokens : tokens - 1, atMs: nowMs });
      if (buckets.size > maxKeys) {
        const [oldest] = buckets.keys();
        if (oldest !== undefined) buckets.delete(oldest);
      }
      return tokens >= 1;
    },
    get size() {
      return buckets.size;
    },
  };
}
