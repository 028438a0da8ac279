import { isIP } from 'node:net';

/** What is looked up by host, and what it is looked up in then. */
export interface HostTableOptions<Entry, Index> {
  hostnamesOf(entry: Entry): readonly string[];
  /** Hosts that name the service itself. */
  readonly ownNames: ReadonlySet<string>;
  /** Of entries that a host meets, in the order in which they were given. */
  createIndex(entries: readonly Entry[]): Index;
}

/** What there is for a host, by the hostnames of routes. */
export interface HostTable<Index> {
  /** Asks one index after the other, the best first, until one knows something. Undefined asks for the service itself. */
  find<T>(host: string | undefined, ask: (index: Index) => T | undefined): T | undefined;
}

/**
 * A host that is one of the service's own names, or an address, asks for the service itself and meets every entry, whatever
 * its hostnames. Any other host goes by them, the longest exact one first, then the longest with a wildcard, then entries
 * without any (Gateway API, hostnames).
 */
export function createHostTable<Entry, Index>(
  entries: readonly Entry[],
  options: HostTableOptions<Entry, Index>,
): HostTable<Index> {
  const { hostnamesOf, ownNames, createIndex } = options;
  const all = createIndex(entries);
  const withoutHostnames = entries.filter((entry) => hostnamesOf(entry).length === 0);
  if (withoutHostnames.length === entries.length) return { find: (_host, ask) => ask(all) };
  const anyHost = createIndex(withoutHostnames);
  const byHostname = indexByHostname(entries, options);
  const hasWildcards = [...byHostname.keys()].some((hostname) => hostname.startsWith('*'));

  return {
    find(host, ask) {
      if (host === undefined || ownNames.has(host) || isIP(host) !== 0) return ask(all);
      const exact = byHostname.get(host);
      return (exact && ask(exact)) ?? findWildcard(host, ask) ?? ask(anyHost);
    },
  };

  function findWildcard<T>(host: string, ask: (index: Index) => T | undefined): T | undefined {
    // RFC 1035 §2.3.4: no name is longer, and no time is to be lost on what is none.
    if (!hasWildcards || host.length > LONGEST_NAME) return undefined;
    for (let dot = host.indexOf('.', 1); dot !== -1; dot = host.indexOf('.', dot + 1)) {
      const index = byHostname.get(`*${host.slice(dot)}`);
      const found = index && ask(index);
      if (found !== undefined) return found;
    }
    return undefined;
  }
}

function indexByHostname<Entry, Index>(
  entries: readonly Entry[],
  { hostnamesOf, createIndex }: HostTableOptions<Entry, Index>,
): ReadonlyMap<string, Index> {
  const lists = new Map<string, Entry[]>();
  for (const entry of entries) {
    for (const hostname of new Set(hostnamesOf(entry))) {
      const list = lists.get(hostname);
      if (list === undefined) lists.set(hostname, [entry]);
      else list.push(entry);
    }
  }
  return new Map([...lists].map(([hostname, list]) => [hostname, createIndex(list)]));
}

const LONGEST_NAME = 253;
