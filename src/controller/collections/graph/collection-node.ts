import { isDeepStrictEqual } from 'node:util';
import { createSignal, type Signal } from '../../../base/index.ts';

/** Values by key. */
export interface Collection<T> {
  get(key: string): T | undefined;
  values(): Iterable<T>;
  entries(): Iterable<readonly [key: string, value: T]>;
  readonly size: number;
  /** The keys whose values are other than before the commit. */
  readonly changes: Signal<ReadonlySet<string>>;
}

/** A collection that is written from outside; without effect on others until the next commit. */
export interface Store<T> extends Collection<T> {
  set(key: string, value: T): void;
  delete(key: string): void;
}

/** One step of the graph. `pending` are the keys that changed in the running commit. */
export abstract class Node {
  pending = new Set<string>();

  abstract update(): void;

  /** Ends the commit for this node and returns what tells its subscribers. */
  abstract takeNotice(): () => void;
}

/** A node that holds values by key. */
export class CollectionNode<T> extends Node implements Collection<T> {
  protected readonly current = new Map<string, T>();
  readonly #changes = createSignal<ReadonlySet<string>>();

  get changes(): Signal<ReadonlySet<string>> {
    return this.#changes;
  }

  get size(): number {
    return this.current.size;
  }

  get(key: string): T | undefined {
    return this.current.get(key);
  }

  values(): Iterable<T> {
    return this.current.values();
  }

  entries(): Iterable<readonly [key: string, value: T]> {
    return this.current.entries();
  }

  /** Nothing flows into a plain collection. */
  update(): void {
    return;
  }

  takeNotice(): () => void {
    const changed = this.pending;
    this.pending = new Set();
    return () => {
      if (changed.size > 0) this.#changes.emit(changed);
    };
  }

  protected write(key: string, value: T | undefined): void {
    if (isDeepStrictEqual(this.current.get(key), value)) return;
    if (value === undefined) this.current.delete(key);
    else this.current.set(key, value);
    this.pending.add(key);
  }
}

/** The collections of a graph are its own nodes; there is no other way to get one. */
export function asNode<T>(collection: Collection<T>): CollectionNode<T> {
  if (collection instanceof CollectionNode) return collection as CollectionNode<T>;
  throw new TypeError('a collection of another making cannot be part of a graph');
}
