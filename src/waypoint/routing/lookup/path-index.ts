import { restHolds } from '../compiled-match.ts';
import type { RequestFacts } from '../request-facts.ts';
import { compareEntries, type RouteEntry } from './route-entry.ts';

/** Finds the first entry, in the order of precedence, that a request meets. */
export interface EntryIndex {
  find(facts: RequestFacts): RouteEntry | undefined;
}

/** Entries by path: what does not share the path's beginning is never looked at. */
export function createPathIndex(entries: readonly RouteEntry[]): EntryIndex {
  const exact = new Map<string, RouteEntry[]>();
  const prefixes = new Map<string, RouteEntry[]>();
  const regexes: RouteEntry[] = [];
  for (const entry of entries.toSorted(compareEntries)) {
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
  // Only lengths that some prefix has are cut off a path: a path of slashes alone costs no more than another.
  const lengths = [...new Set([...prefixes.keys()].map((prefix) => prefix.length))].sort((a, b) => b - a);

  return {
    find(facts) {
      const { path } = facts;
      return (
        firstOf(exact.get(path), facts) ??
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
      const found = firstOf(prefixes.get(path.slice(0, length)), facts);
      if (found !== undefined) return found;
    }
    return undefined;
  }
}

function firstOf(entries: readonly RouteEntry[] | undefined, facts: RequestFacts): RouteEntry | undefined {
  return entries?.find(({ match }) => restHolds(match, facts));
}

function regexHolds(path: RouteEntry['match']['path'], text: string): boolean {
  return path.kind === 'regex' && path.pattern.matches(text);
}

function append(lists: Map<string, RouteEntry[]>, key: string, entry: RouteEntry): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [entry]);
  else list.push(entry);
}
