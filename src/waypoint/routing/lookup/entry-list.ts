import { type CompiledMatch, restHolds } from '../compiled-match.ts';
import type { RequestFacts } from '../request-facts.ts';
import type { RouteEntry } from './route-entry.ts';

/** Entries that differ in all but their path, in the order in which they are tried. */
export interface EntryList {
  find(facts: RequestFacts): RouteEntry | undefined;
}

/** `entries` come in the order of their routes and rules, which counts among those that are equal. */
export function createEntryList(entries: readonly RouteEntry[]): EntryList {
  if (entries.length === 1) return new ShortList(entries);
  const ordered = entries.toSorted((a, b) => compareRest(a.match, b.match));
  return ordered.length < LONG ? new ShortList(ordered) : createLongList(ordered);
}

/** Gateway API, HTTPRouteMatch: a method, then the number of headers, then that of query parameters. */
export function compareRest(a: CompiledMatch, b: CompiledMatch): number {
  return (
    Number(b.method !== undefined) - Number(a.method !== undefined) ||
    b.headers.length - a.headers.length ||
    b.query.length - a.query.length
  );
}

class ShortList implements EntryList {
  readonly #entries: readonly RouteEntry[];

  constructor(entries: readonly RouteEntry[]) {
    this.#entries = entries;
  }

  find(facts: RequestFacts): RouteEntry | undefined {
    return this.#entries.find(({ match }) => restHolds(match, facts));
  }
}

/**
 * Many entries under one path mostly tell tenants or versions apart by a header. They are found by its value; only entries
 * that do not ask for it are tried one after the other.
 */
function createLongList(entries: readonly RouteEntry[]): EntryList {
  const name = commonestHeader(entries);
  const others: Placed[] = [];
  const byValue = new Map<string, Placed[]>();
  for (const [place, entry] of entries.entries()) {
    const value = entry.match.headers.find((test) => test.name === name)?.exact;
    const list = value === undefined ? others : byValue.get(value);
    if (list === undefined) byValue.set(value ?? '', [{ place, entry }]);
    else list.push({ place, entry });
  }
  const firstOf = (list: readonly Placed[] | undefined, facts: RequestFacts): Placed | undefined =>
    list?.find(({ entry }) => restHolds(entry.match, facts));
  return {
    find(facts) {
      const value = name === undefined ? undefined : facts.header(name);
      const found = value === undefined ? undefined : firstOf(byValue.get(value), facts);
      const other = firstOf(others, facts);
      if (found === undefined || other === undefined) return (found ?? other)?.entry;
      return found.place < other.place ? found.entry : other.entry;
    },
  };
}

interface Placed {
  readonly place: number;
  readonly entry: RouteEntry;
}

function commonestHeader(entries: readonly RouteEntry[]): string | undefined {
  const counts = new Map<string, number>();
  for (const { match } of entries)
    for (const { name, exact } of match.headers)
      if (exact !== undefined) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts].sort(([, a], [, b]) => b - a)[0]?.[0];
}

const LONG = 8;
