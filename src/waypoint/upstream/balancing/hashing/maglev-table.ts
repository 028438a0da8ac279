import type { Peer } from '../balancer.ts';
import { hashText, rehash } from './hash-text.ts';
import type { PeerTable } from './peer-table.ts';

/**
 * Maglev hashing (Eisenbud et al., NSDI 2016, §3.4): each peer fills the places of a table in an order of its own, all by
 * turns, those with more capacity more often. Even, a lookup is one read, and few places change hands with a peer.
 */
export function createMaglevTable(peers: readonly Peer[], size: number): PeerTable {
  const places = nextPrime(Math.max(size, peers.length, 2));
  const owners = new Int32Array(places).fill(-1);
  const largest = Math.max(...peers.map(({ capacity }) => capacity));
  const claims = peers.map(({ id, capacity }, owner) => ({
    id,
    owner,
    offset: hashText(id, 1) % places,
    skip: (hashText(id, 2) % (places - 1)) + 1,
    next: 0,
    share: capacity / largest,
    credit: 0,
  }));
  // Whoever made the list in whatever order, the table is the same.
  claims.sort((a, b) => (a.id < b.id ? -1 : 1));
  for (let filled = 0; filled < places; ) {
    for (const claim of claims) {
      claim.credit += claim.share;
      if (claim.credit < 1) continue;
      claim.credit -= 1;
      let place = (claim.offset + claim.skip * claim.next) % places;
      while (owners[place] !== -1) {
        claim.next += 1;
        place = (claim.offset + claim.skip * claim.next) % places;
      }
      claim.next += 1;
      owners[place] = claim.owner;
      if (++filled === places) break;
    }
  }
  return {
    *ownersOf(hash) {
      for (let probe = 0; probe < MAXIMUM_PROBES; probe++)
        yield owners[(probe === 0 ? hash : rehash(hash, probe)) % places] ?? 0;
    },
  };
}

/** With a prime, every skip leads to every place. */
export function nextPrime(least: number): number {
  for (let number = Math.max(2, least); ; number++) if (isPrime(number)) return number;
}

function isPrime(number: number): boolean {
  for (let divisor = 2; divisor * divisor <= number; divisor++) if (number % divisor === 0) return false;
  return true;
}

/** With this many owners looked at, it is near certain that nearly all are left out. */
const MAXIMUM_PROBES = 64;
