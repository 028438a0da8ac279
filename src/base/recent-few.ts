/**
 * The last few answers to a question that takes long to look up, found by comparing what was asked: for keys that would have to
 * be put together first. Whoever asks is often one of few.
 */
export class RecentFew<T> {
  readonly #most: number;
  readonly #items: T[] = [];
  #next = 0;

  /** `most`: kept; the oldest one goes. Default 8. */
  constructor(most = 8) {
    this.#most = most;
  }

  find(matches: (item: T) => boolean): T | undefined {
    // A loop without an iterator: this is asked for each request.
    for (let index = 0; index < this.#items.length; index++) {
      const item = this.#items[index];
      if (item !== undefined && matches(item)) return item;
    }
    return undefined;
  }

  add(item: T): void {
    this.#items[this.#next] = item;
    this.#next = (this.#next + 1) % this.#most;
  }
}
