import { coveringHosts } from './hosts.ts';

/** Things with hosts, found by hosts that overlap, without comparing each with each. */
export interface OverlapIndex<T> {
  add(host: string, value: T): void;
  /** What was added under a host that overlaps this one; something with several hosts may come several times. */
  find(host: string): Iterable<T>;
}

/** Hosts may begin with a wildcard. */
export function createOverlapIndex<T>(): OverlapIndex<T> {
  const byHost = new Map<string, T[]>();
  /** By the wildcards above a host. */
  const below = new Map<string, T[]>();
  const put = (map: Map<string, T[]>, host: string, value: T): void => {
    const found = map.get(host);
    if (found === undefined) map.set(host, [value]);
    else found.push(value);
  };
  return {
    add(host, value) {
      put(byHost, host, value);
      for (const cover of coveringHosts(host)) if (cover !== host) put(below, cover, value);
    },
    *find(host) {
      for (const cover of coveringHosts(host)) yield* byHost.get(cover) ?? [];
      if (host.startsWith('*')) yield* below.get(host) ?? [];
    },
  };
}
