import type { Clock } from '../../../base/index.ts';

/** Which Events are worth a write. */
export interface EventRates {
  /** `repeated`: the same was written a moment ago. `too many`: the object has had its share. */
  admit(object: string, event: string): 'write' | 'repeated' | 'too many';
}

/** 25 in a row for an object, then one in five minutes, as Kubernetes' own clients have it; of one saying, one a minute. */
export function createEventRates(clock: Clock): EventRates {
  /** Both oldest first, and bounded: whoever is forgotten starts anew. */
  const saidAtMs = new Map<string, number>();
  const shares = new Map<string, { readonly left: number; readonly atMs: number }>();
  return {
    admit(object, event) {
      const nowMs = clock.monotonic();
      const before = saidAtMs.get(event);
      if (before !== undefined && nowMs - before < SAME_MS) return 'repeated';
      const share = shares.get(object);
      const grown = share === undefined ? BURST : share.left + (nowMs - share.atMs) / REFILL_MS;
      const left = Math.min(BURST, grown);
      shares.delete(object);
      shares.set(object, { left: left < 1 ? left : left - 1, atMs: nowMs });
      forgetOldest(shares);
      if (left < 1) return 'too many';
      saidAtMs.delete(event);
      saidAtMs.set(event, nowMs);
      forgetOldest(saidAtMs);
      return 'write';
    },
  };
}

function forgetOldest(map: Map<string, unknown>): void {
  const [oldest] = map.keys();
  if (map.size > MOST_KEPT && oldest !== undefined) map.delete(oldest);
}

const SAME_MS = 60_000;
const BURST = 25;
const REFILL_MS = 300_000;
const MOST_KEPT = 4_096;
