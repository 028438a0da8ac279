import { asNode, type Collection, type Node, type Store } from './collection-node.ts';
import { DerivedNode, type Transform } from './derived-node.ts';
import { DistinctNode } from './distinct-node.ts';
import { type Index, IndexNode } from './index-node.ts';
import { StoreNode } from './store-node.ts';

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
