import { CollectionNode } from './collection-node.ts';

/** One value per key that several inputs share, for as long as one of them has it. */
export class DistinctNode<I, O> extends CollectionNode<O> {
  readonly #source: CollectionNode<I>;
  readonly #keyOf: (value: I) => string;
  readonly #pick: (value: I) => O;
  readonly #keys = new Map<string, string>();
  readonly #members = new Map<string, number>();

  constructor(source: CollectionNode<I>, keyOf: (value: I) => string, pick: (value: I) => O) {
    super();
    this.#source = source;
    this.#keyOf = keyOf;
    this.#pick = pick;
  }

  override update(): void {
    for (const key of this.#source.pending) {
      const value = this.#source.get(key);
      const before = this.#keys.get(key);
      const now = value === undefined ? undefined : this.#keyOf(value);
      if (now === before) continue;
      if (before !== undefined) this.#leave(before);
      if (now === undefined || value === undefined) this.#keys.delete(key);
      else {
        this.#keys.set(key, now);
        this.#members.set(now, (this.#members.get(now) ?? 0) + 1);
        this.write(now, this.#pick(value));
      }
    }
  }

  #leave(key: string): void {
    const left = (this.#members.get(key) ?? 0) - 1;
    if (left > 0) this.#members.set(key, left);
    else {
      this.#members.delete(key);
      this.write(key, undefined);
    }
  }
}
