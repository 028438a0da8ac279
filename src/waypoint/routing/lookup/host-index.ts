import { isIP } from 'node:net';
import type { EntryIndex } from './path-index.ts';
import type { RequestFacts } from '../request-facts.ts';
import type { RouteEntry } from './route-entry.ts';

/**
 * Entries by the hostnames of their routes. A host that is one of the service's own names, or an address, asks for the
 * service itself and meets every route, whatever hostnames it has. Any other host goes by them, the longest exact one
 * first, then the longest with a wildcard, then routes without any (Gateway API, hostnames).
 */
export function createHostIndex(
  entries: readonly RouteEntry[],
  ownNames: ReadonlySet<string>,
  createIndex: (entries: readonly RouteEntry[]) => EntryIndex,
): EntryIndex {
  const all = createIndex(entries);
  const withoutHostnames = entries.filter(({ selection }) => selection.route.hostnames.length === 0);
  if (withoutHostnames.length === entries.length) return all;
  const anyHost = createIndex(withoutHostnames);
  const byHostname = indexByHostname(entries, createIndex);
  const hasWildcards = [...byHostname.keys()].some((hostname) => hostname.startsWith('*'));

  return {
    find(facts) {
      const { host } = facts;
      if (ownNames.has(host) || isIP(host) !== 0) return all.find(facts);
      return byHostname.get(host)?.find(facts) ?? findWildcard(facts) ?? anyHost.find(facts);
    },
  };

  function findWildcard(facts: RequestFacts): RouteEntry | undefined {
    const { host } = facts;
    // RFC 1035 §2.3.4: no name is longer, and no time is to be lost on what is none.
    if (!hasWildcards || host.length > LONGEST_NAME) return undefined;
    for (let dot = host.indexOf('.', 1); dot !== -1; dot = host.indexOf('.', dot + 1)) {
      const found = byHostname.get(`*${host.slice(dot)}`)?.find(facts);
      if (found !== undefined) return found;
    }
    return undefined;
  }
}

function indexByHostname(
  entries: readonly RouteEntry[],
  createIndex: (entries: readonly RouteEntry[]) => EntryIndex,
): ReadonlyMap<string, EntryIndex> {
  const lists = new Map<string, RouteEntry[]>();
  for (const entry of entries) {
    for (const hostname of new Set(entry.selection.route.hostnames)) {
      const list = lists.get(hostname);
      if (list === undefined) lists.set(hostname, [entry]);
      else list.push(entry);
    }
  }
  return new Map([...lists].map(([hostname, list]) => [hostname, createIndex(list)]));
}

const LONGEST_NAME = 253;
