import { type CollectionNode, Node } from './collection-node.ts';

/** Values of a collection by something that several have in common. */
export interface Index<T> {
  all(key: string): readonly T[];
}

/** Values of a collection, grouped. */
export class IndexNode<T> extends Node implements Index<T> {
  readonly #source: CollectionNode<T>;
  readonly #keysOf: (value: T) => readonly string[];
  readonly #groups = new Map<string, Map<string, T>>();
  readonly #keys = new Map<string, readonly string[]>();

  constructor(source: CollectionNode<T>, keysOf: (value: T) => readonly string[]) {
    super();
    this.#source = source;
    this.#keysOf = keysOf;
  }

  all(key: string): readonly T[] {
    return [...(this.#groups.get(key)?.values() ?? [])];
  }

  update(): void {
    for (const key of this.#source.pending) {
      const value = this.#source.get(key);
      for (const group of this.#keys.get(key) ?? []) {
        const members = this.#groups.get(group);
        members?.delete(key);
        if (members?.size === 0) this.#groups.delete(group);
        this.pending.add(group);
      }
      this.#keys.delete(key);
      if (value === undefined) continue;
      const groups = this.#keysOf(value);
      this.#keys.set(key, groups);
      for (const group of groups) {
        const members = this.#groups.get(group) ?? new Map<string, T>();
        this.#groups.set(group, members.set(key, value));
        this.pending.add(group);
      }
    }
  }

  takeNotice(): () => void {
    this.pending = new Set();
    return () => undefined;
  }
}

/** As `asNode`, for indexes. */
export function asIndexNode<T>(index: Index<T>): IndexNode<T> {
  if (index instanceof IndexNode) return index as IndexNode<T>;
  throw new TypeError('an index of another making cannot be part of a graph');
}
