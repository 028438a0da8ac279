import type { Peer } from '../balancer.ts';
import { hashText } from './hash-text.ts';
import type { PeerTable } from './peer-table.ts';

/**
 * Consistent hashing on a ring: each peer has points on it in proportion to its capacity, and a key belongs to the next
 * point. How many depends on nobody else, so that only keys of a peer that comes or goes ever move.
 */
export function createHashRing(peers: readonly Peer[], pointsPerCapacity: number): PeerTable {
  const points: { readonly at: number; readonly owner: number; readonly id: string }[] = [];
  for (const [owner, { id, capacity }] of peers.entries()) {
    const count = Math.min(MAXIMUM_POINTS, Math.max(1, Math.round(pointsPerCapacity * capacity)));
    for (let point = 0; point < count; point++) points.push({ at: hashText(`${id}#${point}`), owner, id });
  }
  points.sort((a, b) => a.at - b.at || (a.id < b.id ? -1 : 1));
  const places = Uint32Array.from(points, ({ at }) => at);
  const owners = Uint32Array.from(points, ({ owner }) => owner);
  return {
    *ownersOf(hash) {
      const start = firstFrom(places, hash);
      for (let step = 0; step < owners.length; step++) yield owners[(start + step) % owners.length] ?? 0;
    },
  };
}

/** The index of the first place at or behind `hash`; that of the last and one more where there is none. */
function firstFrom(places: Uint32Array, hash: number): number {
  let low = 0;
  let high = places.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((places[middle] ?? 0) >= hash) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Of one peer: some give capacities in thousands. */
const MAXIMUM_POINTS = 8_192;
