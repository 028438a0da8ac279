/**
 * First in, first out, in constant time: a Map or Set of which the first is taken again and again looks through all that was taken
 * before. What has gone from the middle stays until it comes to the front, or there is as much of it as of the rest.
 */
export class Queue<T> {
  readonly #isGone: (item: T) => boolean;
  #items: (T | undefined)[] = [];
  #head = 0;
  #tidyAt = LEAST;

  constructor(isGone: (item: T) => boolean) {
    this.#isGone = isGone;
  }

  push(item: T): void {
    this.#items.push(item);
    if (this.#items.length < this.#tidyAt) return;
    this.#items = [...this];
    this.#head = 0;
    this.#tidyAt = Math.max(LEAST, 2 * this.#items.length);
  }

  /** Leaves out what has gone. */
  first(): T | undefined {
    while (this.#head < this.#items.length) {
      const item = this.#items[this.#head];
      if (item !== undefined && !this.#isGone(item)) return item;
      this.shift();
    }
    return undefined;
  }

  /** Takes the first away. */
  shift(): void {
    if (this.#head >= this.#items.length) return;
    this.#items[this.#head] = undefined;
    this.#head += 1;
  }

  *[Symbol.iterator](): Generator<T> {
    for (let index = this.#head; index < this.#items.length; index++) {
      const item = this.#items[index];
      if (item !== undefined && !this.#isGone(item)) yield item;
    }
  }
}

const LEAST = 64;
