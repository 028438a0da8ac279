import type { SlowStart } from '../../../model/index.ts';
import type { Peer } from './balancer.ts';
import { weigh, type WeightedList, type WeightOf } from './weighted-list.ts';

/** What peers weigh, with lists of them kept for as long as nothing in them changes. */
export interface Weights {
  readonly weightOf: WeightOf;
  listOf<P extends Peer>(peers: readonly P[], nowMs: number): WeightedList<P>;
}

/** Capacity, for a peer that has just come less: its share of the window to the power of 1 / aggression. */
export function createWeights(slowStart: SlowStart | undefined): Weights {
  const kept = new WeakMap<readonly Peer[], { readonly list: WeightedList<Peer>; readonly fixed: boolean }>();
  const weightOf = slowStart === undefined ? capacityOf : startingWeight(slowStart);
  return {
    weightOf,
    listOf<P extends Peer>(peers: readonly P[], nowMs: number) {
      const known = kept.get(peers);
      // The list was made of these very peers.
      if (known?.fixed === true) return known.list as WeightedList<P>;
      const list = weigh(peers, weightOf, nowMs);
      const fixed =
        slowStart === undefined || peers.every((peer) => nowMs - peer.sinceMs >= slowStart.windowMs);
      kept.set(peers, { list, fixed });
      return list;
    },
  };
}

function capacityOf(peer: Peer): number {
  return peer.capacity;
}

function startingWeight({ windowMs, aggression, minimumPercent }: SlowStart): WeightOf {
  const least = Math.max(minimumPercent / 100, LEAST_SHARE);
  return (peer, nowMs) => {
    const ageMs = nowMs - peer.sinceMs;
    if (ageMs >= windowMs) return peer.capacity;
    const share = Math.max(0, ageMs / windowMs) ** (1 / aggression);
    return peer.capacity * Math.max(least, share);
  };
}

/** Without any weight it would never be chosen, and never warm up. */
const LEAST_SHARE = 0.001;
