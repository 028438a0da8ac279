import type { Peer } from '../../../src/waypoint/upstream/balancing/balancer.ts';
import { createLatencyEstimate } from '../../../src/waypoint/upstream/balancing/latency-estimate.ts';

export interface TestPeer extends Peer {
  active: number;
}

/** A peer of capacity 1 that has always been there and has nothing to do. */
export function makePeer(id: string, over: Partial<TestPeer> = {}): TestPeer {
  return {
    id,
    capacity: 1,
    active: 0,
    latency: createLatencyEstimate(),
    sinceMs: Number.NEGATIVE_INFINITY,
    ...over,
  };
}

/** Numbers in [0, 1) that are the same for the same seed (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
