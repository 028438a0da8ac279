import type { NameBudget } from './name-budget.ts';

/** What a stream has still to be told of one type, by name: each with whether the client holds (or must be told it does not have) it. */
export interface PendingNews extends Iterable<readonly [name: string, known: boolean]> {
  readonly size: number;
  /** The sequence of the first that has not been told; infinity when there is none. */
  readonly oldest: number;
  has(name: string): boolean;
  /** Undefined: no news of it. */
  knows(name: string): boolean | undefined;
  /** `sequence` is when it happened; 0 is what the client asked for. */
  mark(name: string, known: boolean, sequence: number): void;
  /** The client asked for it and waits: it is to hear of it, or that it is not there, whatever becomes of it until then. */
  ask(name: string): void;
  /** The client is to hear that there is no such resource. Throws XdsError ERR_XDS_TOO_MANY_NAMES. */
  markMissing(name: string): void;
  /** A name that only the news hold on to, and that the client brought, counts until all news are told. Throws likewise. */
  charge(name: string): void;
  /** Something that the client asked for has to be answered, though there may be nothing to tell. */
  hurry(): void;
  forget(name: string): void;
  clear(): void;
  /** Once all is told nothing is old, and nothing counts. `forget` and `clear` see to it themselves. */
  settle(): void;
}

/** Nothing to tell. What names outside the snapshot cost is given back to the budget once all is told. */
export function createPendingNews(budget: NameBudget): PendingNews {
  const news = new Map<string, boolean>();
  let oldest = Number.POSITIVE_INFINITY;
  let charged = { names: 0, characters: 0 };

  const mark = (name: string, known: boolean, sequence: number): void => {
    news.set(name, news.get(name) ?? known);
    oldest = Math.min(oldest, sequence);
  };
  const charge = (name: string): void => {
    budget.take(name);
    charged = { names: charged.names + 1, characters: charged.characters + name.length };
  };
  const settle = (): void => {
    if (news.size > 0) return;
    oldest = Number.POSITIVE_INFINITY;
    budget.give(charged.names, charged.characters);
    charged = { names: 0, characters: 0 };
  };

  return {
    [Symbol.iterator]: () => news[Symbol.iterator](),
    get size() {
      return news.size;
    },
    get oldest() {
      return oldest;
    },
    has: (name) => news.has(name),
    knows: (name) => news.get(name),
    mark,
    charge,
    settle,
    ask(name) {
      news.set(name, true);
      oldest = 0;
    },
    markMissing(name) {
      if (!news.has(name)) charge(name);
      mark(name, true, 0);
    },
    hurry() {
      oldest = 0;
    },
    forget(name) {
      news.delete(name);
      settle();
    },
    clear() {
      news.clear();
      settle();
    },
  };
}
