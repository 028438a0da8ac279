import type { HashTable } from '../../../model/index.ts';
import type { Balancer, Peer } from './balancer.ts';
import { createHashRing } from './hashing/hash-ring.ts';
import { createMaglevTable } from './hashing/maglev-table.ts';
import type { PeerTable } from './hashing/peer-table.ts';
import { peerAt } from './weighted-list.ts';

/**
 * The same key to the same endpoint, in every waypoint. The table is made of all peers, also of those that are left out for
 * a while: their keys go elsewhere in the meantime and come back, and nobody else's move. A request without a key is
 * `otherwise`'s to place.
 */
export function createConsistentHash(table: HashTable, otherwise: Balancer): Balancer {
  const tables = new WeakMap<readonly Peer[], PeerTable>();
  const tableOf = (peers: readonly Peer[]): PeerTable => {
    let made = tables.get(peers);
    if (made === undefined) {
      made = table.kind === 'ring' ? createHashRing(peers, table.size) : createMaglevTable(peers, table.size);
      tables.set(peers, made);
    }
    return made;
  };
  const members = new WeakMap<readonly Peer[], ReadonlySet<Peer>>();
  const membersOf = (peers: readonly Peer[]): ReadonlySet<Peer> => {
    let made = members.get(peers);
    if (made === undefined) {
      made = new Set(peers);
      members.set(peers, made);
    }
    return made;
  };
  return {
    choose(set, question) {
      const { open, all } = set;
      const { hash } = question;
      if (hash === undefined) return otherwise.choose(set, question);
      if (open === all) {
        for (const owner of tableOf(all).ownersOf(hash)) return peerAt(all, owner);
        return otherwise.choose(set, question);
      }
      const openPeers = membersOf(open);
      for (const owner of tableOf(all).ownersOf(hash)) {
        const peer = peerAt(all, owner);
        if (openPeers.has(peer)) return peer;
      }
      return peerAt(open, hash % open.length);
    },
  };
}
