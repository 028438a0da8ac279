import { ipAddressToBytes, type IpAddress } from '../ip-address.ts';
import type { NetworkAddress, Service } from '../service.ts';

/** Services by one key (an address, a hostname), several of which may claim the same one. */
export interface ServiceIndex {
  add(key: string, service: Service): void;
  remove(key: string, service: Service): void;
  /** The best for a client of that namespace, among those it may see. */
  best(key: string, forNamespace: string): Service | undefined;
}

/** Empty. Whoever changes a service removes the old one first: claims go by object. */
export function createServiceIndex(): ServiceIndex {
  const byKey = new Map<string, Service[]>();
  return {
    add(key, service) {
      const claimants = byKey.get(key);
      if (claimants === undefined) byKey.set(key, [service]);
      else {
        claimants.push(service);
        claimants.sort(byPrecedence);
      }
    },
    remove(key, service) {
      const claimants = byKey.get(key) ?? [];
      const rest = claimants.filter((other) => other !== service);
      if (rest.length === 0) byKey.delete(key);
      else byKey.set(key, rest);
    },
    best(key, forNamespace) {
      const claimants = byKey.get(key);
      return claimants === undefined ? undefined : bestService(claimants, forNamespace);
    },
  };
}

/** Address ranges of services (ServiceEntry): the client's namespace first, then the longest prefix (wire.md §6.2). */
export interface ServiceRangeIndex {
  add(range: NetworkAddress, service: Service): void;
  remove(range: NetworkAddress, service: Service): void;
  best(network: string, address: IpAddress, forNamespace: string): Service | undefined;
}

/** Empty. A lookup tries each prefix length that is in use, not each range. */
export function createServiceRangeIndex(): ServiceRangeIndex {
  const ranges = createServiceIndex();
  /** How many ranges there are of each length; lookups try only these. */
  const lengths = new Map<number, number>();
  let longestFirst: readonly number[] = [];
  const count = (length: number, by: 1 | -1): void => {
    const left = (lengths.get(length) ?? 0) + by;
    if (left === 0) lengths.delete(length);
    else lengths.set(length, left);
    longestFirst = [...lengths.keys()].sort((a, b) => b - a);
  };
  return {
    add(range, service) {
      const length = range.prefixLength ?? 0;
      ranges.add(rangeKey(range.network, ipAddressToBytes(range.address), length), service);
      count(length, 1);
    },
    remove(range, service) {
      const length = range.prefixLength ?? 0;
      ranges.remove(rangeKey(range.network, ipAddressToBytes(range.address), length), service);
      count(length, -1);
    },
    best(network, address, forNamespace) {
      if (longestFirst.length === 0) return undefined;
      const bytes = ipAddressToBytes(address);
      let found: Service | undefined;
      for (const length of longestFirst) {
        if (length > bytes.length * 8) continue;
        const service = ranges.best(rangeKey(network, bytes, length), forNamespace);
        if (service?.namespace === forNamespace) return service;
        found ??= service;
      }
      return found;
    },
  };
}

/** Claimants are in order of precedence; only the client's own namespace and visibility depend on who asks. */
function bestService(claimants: readonly Service[], forNamespace: string): Service | undefined {
  let found: Service | undefined;
  for (const service of claimants) {
    if (service.namespace === forNamespace) return service;
    if (service.visibility === 'public') found ??= service;
  }
  return found;
}

/** Canonical ones (Kubernetes Services) first, then by name, so that the order of arrival decides nothing. */
function byPrecedence(a: Service, b: Service): number {
  if (a.canonical !== b.canonical) return a.canonical ? -1 : 1;
  const left = `${a.namespace}/${a.hostname}`;
  const right = `${b.namespace}/${b.hostname}`;
  return left < right ? -1 : left > right ? 1 : 0;
}

function rangeKey(network: string, bytes: Uint8Array, length: number): string {
  let key = `${length}:`;
  for (let index = 0; index < bytes.length; index++) {
    const bits = Math.min(8, Math.max(0, length - index * 8));
    key += `${(bytes[index] ?? 0) & (0xff << (8 - bits)) & 0xff}.`;
  }
  return `${key}/${network}`;
}
