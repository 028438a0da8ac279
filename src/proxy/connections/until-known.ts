import type { Clock } from '../../base/index.ts';

/** Tells that something has changed; returns the unsubscribe. */
export interface Notices {
  subscribe(listener: () => void): () => void;
}

/**
 * What `probe` finds: now, or after a change within `limitMs`, else undefined. A connection is held
 * this way while what it depends on is still on its way from the controller.
 */
export function untilKnown<T>(
  deps: { readonly changes: Notices; readonly clock: Clock },
  limitMs: number,
  probe: () => T | undefined,
): Promise<T | undefined> | T {
  const known = probe();
  if (known !== undefined) return known;
  return new Promise((resolve) => {
    const finish = (found: T | undefined): void => {
      timer.cancel();
      unsubscribe();
      resolve(found);
    };
    const timer = deps.clock.after(limitMs, () => finish(undefined));
    const unsubscribe = deps.changes.subscribe(() => {
      const found = probe();
      if (found !== undefined) finish(found);
    });
  });
}
