import { asNode, type Collection, CollectionNode, type Node } from './collection-node.ts';
import { asIndexNode, type Index } from './index-node.ts';

/** How a transformation reads other collections: what it reads so, it depends on. */
export interface Fetch {
  one<T>(collection: Collection<T>, key: string): T | undefined;
  all<T>(index: Index<T>, key: string): readonly T[];
}

/** Reads what is there now, for whoever is no transformation and depends on nothing. */
export const directFetch: Fetch = {
  one: (collection, key) => collection.get(key),
  all: (index, key) => index.all(key),
};

/** Makes any number of outputs of one input, each under its key. */
export type Transform<I, O> = (fetch: Fetch, input: I, key: string) => Iterable<readonly [string, O]>;

/** Something that a transformation has read: a node and a key of it. */
interface Dependency {
  readonly node: Node;
  readonly key: string;
}

/** Values that a transformation makes of others, each recomputed when something that it read has changed. */
export class DerivedNode<I, O> extends CollectionNode<O> {
  readonly #source: CollectionNode<I>;
  readonly #transform: Transform<I, O>;
  readonly #onError: (error: unknown, key: string) => void;
  /** By input: most have one output, which then needs no list. */
  readonly #outputs = new Map<string, string | readonly string[]>();
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
    const before = listOf(this.#outputs.get(key));
    const read: Dependency[] = [];
    let outputs: ReadonlyMap<string, O>;
    try {
      outputs = new Map(input === undefined ? [] : this.#transform(this.#fetchFor(key, read), input, key));
    } catch (error) {
      this.#onError(error, key);
      return;
    } finally {
      // A copy has no room to grow, which would be most of it.
      if (read.length > 0) this.#dependencies.set(key, read.slice());
    }
    for (const output of before) if (!outputs.has(output)) this.write(output, undefined);
    for (const [output, value] of outputs) this.write(output, value);
    const [only, ...others] = outputs.keys();
    if (only === undefined) this.#outputs.delete(key);
    else this.#outputs.set(key, others.length === 0 ? only : [only, ...others]);
  }

  #fetchFor(input: string, read: Dependency[]): Fetch {
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

function listOf(keys: string | readonly string[] | undefined): readonly string[] {
  if (keys === undefined) return [];
  return typeof keys === 'string' ? [keys] : keys;
}
