import type { ReadKind } from './kind-table.ts';

/** What is to be made of a look at the kinds that are served. */
export type Presence = 'served' | 'absent' | 'oddly-served' | 'undecided';

/**
 * Judges whether a kind that discovery does not name is really not there. An API server that has just been started does not
 * know its custom kinds yet and says that there are none: believing it at once would be to forget every policy.
 */
export interface KindPresence {
  /** `isDefined`: there is a CustomResourceDefinition of it; undefined where we cannot see them. */
  judge(
    kind: ReadKind,
    look: { readonly isServed: boolean; readonly isDefined: boolean | undefined },
  ): Presence;
}

/** `looksBeforeBelieved`: so often in a row a kind must be missing, where its definition does not tell. */
export function createKindPresence(looksBeforeBelieved: number): KindPresence {
  const missed = new Map<ReadKind, number>();
  return {
    judge(kind, { isServed, isDefined }) {
      if (isServed) {
        missed.delete(kind);
        return 'served';
      }
      if (isDefined === false) return 'absent';
      const misses = (missed.get(kind) ?? 0) + 1;
      missed.set(kind, misses);
      if (misses < looksBeforeBelieved) return 'undecided';
      return isDefined === true ? 'oddly-served' : 'absent';
    },
  };
}
