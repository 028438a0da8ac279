import { shareOf } from './shares.ts';

/** Something with its place in the order of all that was observed. */
export interface Sequenced<T> {
  readonly sequence: number;
  readonly item: T;
}

/** The last so many events, in the order in which they came. */
export interface EventLog<T> {
  /**
   * Takes the place of the oldest one when there are too many, and returns that: of those `of` the same, where they have a
   * quarter of all, so that nobody can have those of all others forgotten.
   */
  push(event: Sequenced<T>, of?: string): T | undefined;
  newestFirst(): Generator<T>;
  /** Ascending, from after `sequence`. */
  since(sequence: number, most: number): readonly Sequenced<T>[];
}

interface Kept<T> {
  readonly event: Sequenced<T>;
  readonly of: string | undefined;
}

export function createEventLog<T>(capacity: number): EventLog<T> {
  /** Oldest first, as are those of each. */
  const all = new Set<Kept<T>>();
  const ofEach = new Map<string, Set<Kept<T>>>();
  const share = shareOf(capacity);

  const add = (kept: Kept<T>): void => {
    all.add(kept);
    if (kept.of === undefined) return;
    const own = ofEach.get(kept.of);
    if (own === undefined) ofEach.set(kept.of, new Set([kept]));
    else own.add(kept);
  };
  const dropOldest = (from: ReadonlySet<Kept<T>>): T | undefined => {
    const [oldest] = from;
    if (oldest === undefined) return undefined;
    all.delete(oldest);
    const { event, of } = oldest;
    if (of === undefined) return event.item;
    const own = ofEach.get(of);
    own?.delete(oldest);
    if (own?.size === 0) ofEach.delete(of);
    return event.item;
  };

  return {
    push(event, of) {
      const own = of === undefined ? undefined : ofEach.get(of);
      const hasShare = own !== undefined && own.size >= share;
      const gone = all.size < capacity ? undefined : dropOldest(hasShare ? own : all);
      add({ event, of });
      return gone;
    },
    *newestFirst() {
      for (const { event } of [...all].reverse()) yield event.item;
    },
    since(sequence, most) {
      const found: Sequenced<T>[] = [];
      for (const { event } of all) {
        if (event.sequence > sequence) found.push(event);
        if (found.length >= most) break;
      }
      return found;
    },
  };
}
