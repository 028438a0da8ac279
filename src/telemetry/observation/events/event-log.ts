import { Queue } from './queue.ts';
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
  readonly share: Share<T> | undefined;
  gone: boolean;
}

interface Share<T> {
  readonly of: string;
  readonly queue: Queue<Kept<T>>;
  count: number;
}

/** Holds `capacity` events at most; nothing is read from a clock. */
export function createEventLog<T>(capacity: number): EventLog<T> {
  const newQueue = (): Queue<Kept<T>> => new Queue(({ gone }) => gone);
  const all = newQueue();
  const shares = new Map<string, Share<T>>();
  const mostOfOne = shareOf(capacity);
  let count = 0;

  const shareFor = (of: string): Share<T> => {
    const share = shares.get(of) ?? { of, queue: newQueue(), count: 0 };
    shares.set(of, share);
    return share;
  };
  const dropOldest = (from: Queue<Kept<T>>): T | undefined => {
    const oldest = from.first();
    if (oldest === undefined) return undefined;
    oldest.gone = true;
    count -= 1;
    const { share, event } = oldest;
    if (share !== undefined) share.count -= 1;
    if (share?.count === 0) shares.delete(share.of);
    return event.item;
  };

  return {
    push(event, of) {
      let gone: T | undefined;
      if (count >= capacity) {
        const own = of === undefined ? undefined : shares.get(of);
        gone = dropOldest(own !== undefined && own.count >= mostOfOne ? own.queue : all);
      }
      const share = of === undefined ? undefined : shareFor(of);
      const kept = { event, share, gone: false };
      all.push(kept);
      count += 1;
      if (share !== undefined) {
        share.queue.push(kept);
        share.count += 1;
      }
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
