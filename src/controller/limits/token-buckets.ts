import type { Clock } from '../../base/index.ts';

/** How often each caller may, and how many callers are remembered. */
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
  /** Whether there is any in the bucket of `key`. */
  has(key: string): boolean;
  /** Takes so many, also more than there are: for what is known only when it is over. */
  spend(key: string, count: number): void;
  /** Buckets held. */
  readonly size: number;
}

/** A caller that nobody has heard of has a full bucket. */
export function createTokenBuckets(options: TokenBucketsOptions): TokenBuckets {
  const { perSecond, burst, clock, maxKeys = 20_000 } = options;
  /** The one that was used last is the last. */
  const buckets = new Map<string, { readonly tokens: number; readonly atMs: number }>();
  const tokensAt = (key: string, nowMs: number): number => {
    const known = buckets.get(key);
    return known === undefined
      ? burst
      : Math.min(burst, known.tokens + ((nowMs - known.atMs) / 1_000) * perSecond);
  };
  const put = (key: string, tokens: number, atMs: number): void => {
    buckets.delete(key);
    buckets.set(key, { tokens, atMs });
    if (buckets.size <= maxKeys) return;
    const [oldest] = buckets.keys();
    if (oldest !== undefined) buckets.delete(oldest);
  };
  return {
    take(key) {
      const nowMs = clock.monotonic();
      const tokens = tokensAt(key, nowMs);
      put(key, tokens < 1 ? tokens : tokens - 1, nowMs);
      return tokens >= 1;
    },
    has: (key) => tokensAt(key, clock.monotonic()) >= 1,
    spend(key, count) {
      const nowMs = clock.monotonic();
      put(key, tokensAt(key, nowMs) - count, nowMs);
    },
    get size() {
      return buckets.size;
    },
  };
}
