/** A label set and when it was last counted under, in milliseconds that never jump. */
export interface AgingSeries {
  lastUseMs: number;
}

/** How long a label set that nothing is counted under is kept, so that scrapers see its last values. */
export const SERIES_IDLE_MS = 900_000;

/** Workloads come and go, and their names with them: forgets what was not used since `sinceMs`. `isLive` is kept. */
export function dropUnused<T extends AgingSeries>(
  series: Map<string, T>,
  sinceMs: number,
  isLive: (one: T) => boolean = () => false,
): void {
  for (const [key, one] of series) if (one.lastUseMs < sinceMs && !isLive(one)) series.delete(key);
}

/**
 * Makes room in a table that is full; returns how many are gone. So many at once that sorting is paid for by what comes in
 * between.
 */
export function dropOldest<T extends AgingSeries>(
  series: Map<string, T>,
  maximum: number,
  isLive: (one: T) => boolean = () => false,
): number {
  const idle = [...series]
    .filter(([, one]) => !isLive(one))
    .sort(([, a], [, b]) => a.lastUseMs - b.lastUseMs);
  const dropped = idle.slice(0, Math.ceil(maximum * DROPPED_SHARE));
  for (const [key] of dropped) series.delete(key);
  return dropped.length;
}

const DROPPED_SHARE = 0.1;
