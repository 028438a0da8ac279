import type { Balancer } from './balancer.ts';
import type { Weights } from './slow-start.ts';
import { draw, peerAt } from './weighted-list.ts';

/** Anybody, each as likely as its weight says. */
export function createRandom(weights: Weights): Balancer {
  return {
    choose({ open }, { nowMs, random }) {
      return peerAt(open, draw(weights.listOf(open, nowMs), random));
    },
  };
}
