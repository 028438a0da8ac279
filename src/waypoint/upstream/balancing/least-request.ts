import type { Balancer, Peer } from './balancer.ts';
import type { Weights } from './slow-start.ts';
import { draw, drawOther, peerAt } from './weighted-list.ts';

/**
 * Of `choices` drawn by weight the one with the fewest requests for its weight. Drawing some rather than looking at all
 * keeps several waypoints from sending everything to the one endpoint that they all think idle.
 */
export function createLeastRequest(weights: Weights, choices: number): Balancer {
  return {
    choose({ open }, { nowMs, random }) {
      const list = weights.listOf(open, nowMs);
      const load = (peer: Peer): number => peer.active / weights.weightOf(peer, nowMs);
      let index = draw(list, random);
      let best = peerAt(open, index);
      for (let drawn = 1; drawn < choices; drawn++) {
        index = drawOther(list, index, random);
        const other = peerAt(open, index);
        if (load(other) < load(best)) best = other;
      }
      return best;
    },
  };
}
