import type { Balancer, Peer } from './balancer.ts';
import type { Weights } from './slow-start.ts';
import { draw, drawOther, peerAt } from './weighted-list.ts';

/**
 * Of two drawn by weight the one that is expected to answer sooner: its latency, times the requests that are ahead of this
 * one. A slow endpoint gets less without anybody having to say what slow is.
 */
export function createPeakEwma(weights: Weights, decayMs: number): Balancer {
  return {
    choose({ open }, { nowMs, random }) {
      const list = weights.listOf(open, nowMs);
      const meanWeight = (list.totals?.at(-1) ?? 0) / open.length;
      const expectedMs = (peer: Peer): number => {
        const share = meanWeight === 0 ? 1 : weights.weightOf(peer, nowMs) / meanWeight;
        return (peer.latency.at(nowMs, decayMs) + LEAST_MS) * (peer.active / share + 1);
      };
      const index = draw(list, random);
      const first = peerAt(open, index);
      const second = peerAt(open, drawOther(list, index, random));
      return expectedMs(second) < expectedMs(first) ? second : first;
    },
  };
}

/** Nobody answers in no time: with a latency of 0 the number of requests would count for nothing. */
const LEAST_MS = 0.1;
