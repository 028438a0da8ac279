import type { Peer } from './balancer.ts';

/** Peers with running totals of their weights, so that a draw is a binary search. */
export interface WeightedList<P extends Peer> {
  readonly peers: readonly P[];
  /** Undefined: all weigh the same. */
  readonly totals: Float64Array | undefined;
}

/** Not negative. `nowMs` is monotonic: weights may grow while a peer is new. */
export type WeightOf = (peer: Peer, nowMs: number) => number;

/** Totals are left out where all weigh the same: a draw is then a multiplication. */
export function weigh<P extends Peer>(
  peers: readonly P[],
  weightOf: WeightOf,
  nowMs: number,
): WeightedList<P> {
  const totals = new Float64Array(peers.length);
  let total = 0;
  let equal = true;
  let first = 0;
  for (const [index, peer] of peers.entries()) {
    const weight = weightOf(peer, nowMs);
    if (index === 0) first = weight;
    else if (weight !== first) equal = false;
    total += weight;
    totals[index] = total;
  }
  return { peers, totals: equal ? undefined : totals };
}

/** The index of one, each as likely as its weight says. */
export function draw(list: WeightedList<Peer>, random: () => number): number {
  const { peers, totals } = list;
  if (totals === undefined) return Math.floor(random() * peers.length);
  return indexAt(totals, random() * lastOf(totals));
}

/** The index of one of the others; the same one when there is no other. */
export function drawOther(list: WeightedList<Peer>, taken: number, random: () => number): number {
  const { peers, totals } = list;
  if (peers.length < 2) return taken;
  if (totals === undefined) {
    const index = Math.floor(random() * (peers.length - 1));
    return index >= taken ? index + 1 : index;
  }
  const start = taken === 0 ? 0 : (totals[taken - 1] ?? 0);
  const weight = (totals[taken] ?? 0) - start;
  const point = random() * (lastOf(totals) - weight);
  const index = indexAt(totals, point >= start ? point + weight : point);
  // Rounding may lead back to the one that was taken.
  return index === taken ? (taken + 1) % peers.length : index;
}

/** `index` comes from the list itself. */
export function peerAt<P extends Peer>(peers: readonly P[], index: number): P {
  return peers[index] as P;
}

function indexAt(totals: Float64Array, point: number): number {
  let low = 0;
  let high = totals.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((totals[middle] ?? 0) > point) high = middle;
    else low = middle + 1;
  }
  return low;
}

function lastOf(totals: Float64Array): number {
  return totals[totals.length - 1] ?? 0;
}
