/** Bucket states by key, never more than `maximumKeys` of them. */
export interface KeyTable {
  /**
   * Under which key a request is counted: its own, or where the table is full of buckets in use the one that all others
   * share, so that nobody gets a fresh bucket by making up keys, nor loses the mark of one that is empty.
   */
  admit(key: string, nowMs: number): string;
  get(key: string): number | undefined;
  set(key: string, fullAtMs: number): void;
  readonly size: number;
}

/** Of those that did not fit. No key of a request is like it. */
export const OVERFLOW_KEY = '\0overflow';

/** Empty. New keys that find no room share one bucket. */
export function createKeyTable(maximumKeys: number): KeyTable {
  // In the order of their last use, the oldest first.
  const fullAt = new Map<string, number>();

  /** A full bucket is like none at all. The oldest are the likeliest to be full; looking at a few keeps it O(1). */
  function makeRoom(nowMs: number): boolean {
    let looked = 0;
    for (const [key, fullAtMs] of fullAt) {
      if (key !== OVERFLOW_KEY && fullAtMs <= nowMs) {
        fullAt.delete(key);
        return true;
      }
      looked += 1;
      if (looked === LOOKED_AT) return false;
    }
    return false;
  }

  return {
    admit(key, nowMs) {
      if (fullAt.has(key) || fullAt.size < maximumKeys || makeRoom(nowMs)) return key;
      return OVERFLOW_KEY;
    },
    get: (key) => fullAt.get(key),
    set(key, fullAtMs) {
      fullAt.delete(key);
      fullAt.set(key, fullAtMs);
    },
    get size() {
      return fullAt.size;
    },
  };
}

const LOOKED_AT = 8;
