import { restHolds } from '../compiled-match.ts';
import type { RequestFacts } from '../request-facts.ts';
import { compareRest, createEntryList, type EntryList } from './entry-list.ts';
import type { RouteEntry } from './route-entry.ts';

/** Finds the first entry, in the order of precedence, that a request meets. */
export interface EntryIndex {
  find(facts: RequestFacts): RouteEntry | undefined;
}

/**
 * Entries by path, given in the order of their routes and rules. What does not share the path's beginning is never looked
 * at. Exact paths come first, then regular expressions, the longest first, then prefixes, the longest first.
 *
 * Gateway API leaves the place of expressions open: behind the prefixes they could never win against the `/` that most
 * tables end with.
 */
export function createPathIndex(entries: readonly RouteEntry[]): EntryIndex {
  const exact = new Map<string, RouteEntry[]>();
  const prefixes = new Map<string, RouteEntry[]>();
  const regexes: RouteEntry[] = [];
  for (const entry of entries) {
    const { path } = entry.match;
    switch (path.kind) {
      case 'exact':
        append(exact, path.value, entry);
        break;
      case 'prefix':
        append(prefixes, path.value, entry);
        break;
      case 'regex':
        regexes.push(entry);
        break;
      case 'grpc':
        // Names of methods are of GRPCRoutes, which have an index of their own.
        break;
    }
  }
  regexes.sort(compareRegexes);
  const exactLists = listsOf(exact);
  const prefixLists = listsOf(prefixes);
  // Only lengths that some prefix has are cut off a path: a path of slashes alone costs no more than another.
  const lengths = [...new Set([...prefixes.keys()].map((prefix) => prefix.length))].sort((a, b) => b - a);

  return {
    find(facts) {
      const { path } = facts;
      return (
        exactLists.get(path)?.find(facts) ??
        regexes.find(({ match }) => regexHolds(match.path, path) && restHolds(match, facts)) ??
        findPrefix(facts)
      );
    },
  };

  function findPrefix(facts: RequestFacts): RouteEntry | undefined {
    const { path } = facts;
    for (const length of lengths) {
      // A prefix ends where an element of the path does.
      if (length > path.length || (length < path.length && path[length] !== '/')) continue;
      const found = prefixLists.get(path.slice(0, length))?.find(facts);
      if (found !== undefined) return found;
    }
    return undefined;
  }
}

function compareRegexes(a: RouteEntry, b: RouteEntry): number {
  return lengthOf(b.match.path) - lengthOf(a.match.path) || compareRest(a.match, b.match);
}

function lengthOf(path: RouteEntry['match']['path']): number {
  return path.kind === 'regex' ? path.pattern.source.length : 0;
}

function regexHolds(path: RouteEntry['match']['path'], text: string): boolean {
  return path.kind === 'regex' && path.pattern.matches(text);
}

function append(lists: Map<string, RouteEntry[]>, key: string, entry: RouteEntry): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [entry]);
  else list.push(entry);
}

function listsOf(entries: ReadonlyMap<string, readonly RouteEntry[]>): ReadonlyMap<string, EntryList> {
  return new Map([...entries].map(([key, list]) => [key, createEntryList(list)]));
}
