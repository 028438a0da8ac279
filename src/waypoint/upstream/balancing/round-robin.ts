import type { Balancer, Peer } from './balancer.ts';
import type { Weights } from './slow-start.ts';
import { peerAt } from './weighted-list.ts';

/**
 * Smooth weighted round robin: every peer's credit grows by its weight, the one with the most is chosen and pays for all.
 * So `a` of weight 2 and `b` of weight 1 give `a b a`, not `a a b`.
 */
export function createRoundRobin(weights: Weights): Balancer {
  let peers: readonly Peer[] = [];
  let credits = new Float64Array(0);

  /** Credits stay with their peers when the list changes. Newcomers begin anywhere: waypoints must not march in step. */
  function follow(list: readonly Peer[], random: () => number): void {
    const held = new Map(peers.map((peer, index) => [peer.id, credits[index]]));
    credits = Float64Array.from(list, (peer) => held.get(peer.id) ?? random() * peer.capacity);
    peers = list;
  }

  return {
    choose({ open }, { nowMs, random }) {
      if (open !== peers) follow(open, random);
      let total = 0;
      let best = 0;
      let most = Number.NEGATIVE_INFINITY;
      for (const [index, peer] of open.entries()) {
        const weight = weights.weightOf(peer, nowMs);
        const credit = (credits[index] ?? 0) + weight;
        credits[index] = credit;
        total += weight;
        if (credit > most) {
          most = credit;
          best = index;
        }
      }
      credits[best] = most - total;
      return peerAt(open, best);
    },
  };
}
