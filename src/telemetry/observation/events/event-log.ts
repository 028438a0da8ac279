/** Something with its place in the order of all that was observed. */
export interface Sequenced<T> {
  readonly sequence: number;
  readonly item: T;
}

/** The last so many events, in the order in which they came. */
export interface EventLog<T> {
  /** Takes the place of the oldest one when there are too many, and returns that. */
  push(event: Sequenced<T>): T | undefined;
  newestFirst(): Generator<T>;
  /** Ascending, from after `sequence`. */
  since(sequence: number, most: number): readonly Sequenced<T>[];
}

export function createEventLog<T>(capacity: number): EventLog<T> {
  const ring: Sequenced<T>[] = [];
  /** Where the next one goes, once the ring is full. */
  let next = 0;
  function* newest(): Generator<Sequenced<T>> {
    for (let back = 1; back <= ring.length; back++) {
      const event = ring.length < capacity ? ring.at(-back) : ring.at((next - back) % capacity);
      if (event !== undefined) yield event;
    }
  }
  return {
    push(event) {
      if (ring.length < capacity) {
        ring.push(event);
        return undefined;
      }
      const oldest = ring[next];
      ring[next] = event;
      next = (next + 1) % capacity;
      return oldest?.item;
    },
    *newestFirst() {
      for (const { item } of newest()) yield item;
    },
    since(sequence, most) {
      const found: Sequenced<T>[] = [];
      for (const event of newest()) {
        if (event.sequence <= sequence) break;
        found.push(event);
      }
      return found.reverse().slice(0, most);
    },
  };
}
