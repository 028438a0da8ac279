import { isDeepStrictEqual } from 'node:util';
import { createSignal, type Signal } from '../../base/index.ts';

/**
 * Values by key that follow from other values. A change goes in through a store; `commit` carries it through everything
 * that was derived from it, and through nothing else: what a transformation has fetched is what it depends on.
 */
export interface Graph {
  store<T>(): Store<T>;
  /** `transform` must be pure: it reads other collections through `fetch` alone. An output has one input that gives it. */
  derive<I, O>(source: Collection<I>, transform: Transform<I, O>): Collection<O>;
  /** Values grouped by what `keysOf` says of each. */
  index<T>(source: Collection<T>, keysOf: (value: T) => readonly string[]): Index<T>;
  /** One value for all that have the same key: what many have in common is then derived once. */
  distinct<I, O>(source: Collection<I>, keyOf: (value: I) => string, pick: (value: I) => O): Collection<O>;
  /** Brings everything up to date, then tells the subscribers. */
  commit(): void;
}

export interface Collection<T> {
  get(key: string): T | undefined;
  values(): Iterable<T>;
  readonly size: number;
  /** The keys whose values are other than before the commit. */
  readonly changes: Signal<ReadonlySet<string>>;
}

export interface Store<T> extends Collection<T> {
  set(key: string, value: T): void;
  delete(key: string): void;
}

export interface Index<T> {
  all(key: string): readonly T[];
}

export interface Fetch {
  one<T>(collection: Collection<T>, key: string): T | undefined;
  all<T>(index: Index<T>, key: string): readonly T[];
}

export type Transform<I, O> = (fetch: Fetch, input: I, key: string) => Iterable<readonly [string, O]>;

/**
 * `onError` is told of a transformation that threw: what it gave before stays, and nothing else is held up.
 */
export function createGraph(onError: (error: unknown, key: string) => void): Graph {
  // In the order of their making, which is an order in which everything comes after what it depends on.
  const nodes: Node[] = [];
  const add = <T extends Node>(node: T): T => {
    nodes.push(node);
    return node;
  };
  return {
    store: <T>() => add(new StoreNode<T>()),
    derive: <I, O>(source: Collection<I>, transform: Transform<I, O>) =>
      add(new DerivedNode(asNode(source), transform, onError)),
    index: <T>(source: Collection<T>, keysOf: (value: T) => readonly string[]) =>
      add(new IndexNode(asNode(source), keysOf)),
    distinct: <I, O>(source: Collection<I>, keyOf: (value: I) => string, pick: (value: I) => O) =>
      add(new DistinctNode(asNode(source), keyOf, pick)),
    commit() {
      for (const node of nodes) node.update();
      const notices = nodes.map((node) => node.takeNotice());
      for (const notify of notices) notify();
    },
  };
}

/** One step of the graph. `pending` are the keys that changed in the running commit. */
abstract class Node {
  pending = new Set<string>();

  abstract update(): void;

  /** Ends the commit for this node and returns what tells its subscribers. */
  abstract takeNotice(): () => void;
}

class CollectionNode<T> extends Node implements Collection<T> {
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

class StoreNode<T> extends CollectionNode<T> implements Store<T> {
  set(key: string, value: T): void {
    this.write(key, value);
  }

  delete(key: string): void {
    this.write(key, undefined);
  }
}

/** Something that a transformation has read: a node and a key of it. */
interface Dependency {
  readonly node: Node;
  readonly key: string;
}

class DerivedNode<I, O> extends CollectionNode<O> {
  readonly #source: CollectionNode<I>;
  readonly #transform: Transform<I, O>;
  readonly #onError: (error: unknown, key: string) => void;
  readonly #outputs = new Map<string, readonly string[]>();
  readonly #dependencies = new Map<string, readonly Dependency[]>();
  /** By node and key, the inputs that read it: most keys have one reader, which then needs no set. */
  readonly #dependents = new Map<Node, Map<string, string | Set<string>>>();

  constructor(
    source: CollectionNode<I>,
    transform: Transform<I, O>,
    onError: (error: unknown, key: string) => void,
  ) {
    super();
    this.#source = source;
    this.#transform = transform;
    this.#onError = onError;
  }

  override update(): void {
    const inputs = new Set(this.#source.pending);
    for (const [node, byKey] of this.#dependents) {
      for (const key of node.pending) {
        const readers = byKey.get(key);
        if (typeof readers === 'string') inputs.add(readers);
        else if (readers !== undefined) for (const input of readers) inputs.add(input);
      }
    }
    for (const input of inputs) this.#recompute(input);
  }

  #recompute(key: string): void {
    this.#forget(key);
    const input = this.#source.get(key);
    const before = this.#outputs.get(key) ?? [];
    let outputs: ReadonlyMap<string, O>;
    try {
      outputs = new Map(input === undefined ? [] : this.#transform(this.#fetchFor(key), input, key));
    } catch (error) {
      this.#onError(error, key);
      return;
    }
    for (const output of before) if (!outputs.has(output)) this.write(output, undefined);
    for (const [output, value] of outputs) this.write(output, value);
    if (outputs.size === 0) this.#outputs.delete(key);
    else this.#outputs.set(key, [...outputs.keys()]);
  }

  #fetchFor(input: string): Fetch {
    const read: Dependency[] = [];
    this.#dependencies.set(input, read);
    const depend = (node: Node, key: string): void => {
      if (this.#addReader(node, key, input)) read.push({ node, key });
    };
    return {
      one(collection, key) {
        depend(asNode(collection), key);
        return collection.get(key);
      },
      all(index, key) {
        depend(asIndexNode(index), key);
        return index.all(key);
      },
    };
  }

  /** False when it is a reader already. */
  #addReader(node: Node, key: string, input: string): boolean {
    let byKey = this.#dependents.get(node);
    if (byKey === undefined) {
      byKey = new Map();
      this.#dependents.set(node, byKey);
    }
    const readers = byKey.get(key);
    if (readers === undefined) {
      byKey.set(key, input);
      return true;
    }
    if (typeof readers === 'string') {
      if (readers === input) return false;
      byKey.set(key, new Set([readers, input]));
      return true;
    }
    if (readers.has(input)) return false;
    readers.add(input);
    return true;
  }

  #forget(input: string): void {
    for (const { node, key } of this.#dependencies.get(input) ?? []) {
      const byKey = this.#dependents.get(node);
      const readers = byKey?.get(key);
      if (typeof readers === 'string') byKey?.delete(key);
      else if (readers?.delete(input) === true && readers.size === 0) byKey?.delete(key);
    }
    this.#dependencies.delete(input);
  }
}

class IndexNode<T> extends Node implements Index<T> {
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

class DistinctNode<I, O> extends CollectionNode<O> {
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

/** The collections of a graph are its own nodes; there is no other way to get one. */
function asNode<T>(collection: Collection<T>): CollectionNode<T> {
  if (collection instanceof CollectionNode) return collection as CollectionNode<T>;
  throw new TypeError('a collection of another making cannot be part of a graph');
}

function asIndexNode<T>(index: Index<T>): IndexNode<T> {
  if (index instanceof IndexNode) return index as IndexNode<T>;
  throw new TypeError('an index of another making cannot be part of a graph');
}
