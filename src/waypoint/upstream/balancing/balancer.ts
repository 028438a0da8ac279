import type { LatencyEstimate } from './latency-estimate.ts';

/** An endpoint as balancers see it. One object for as long as the endpoint is there. */
export interface Peer {
  /** Unique within its service, and the same in every waypoint. */
  readonly id: string;
  /** Its share of the load, compared with the others'. Above 0. */
  readonly capacity: number;
  /** Requests that it has not answered to the end. */
  readonly active: number;
  readonly latency: LatencyEstimate;
  /** When it could first be chosen, in milliseconds of the monotonic clock; minus infinity for those that always were. */
  readonly sinceMs: number;
}

/** Who may be chosen. Both lists are the same arrays until something changes, so that they can key what is prepared. */
export interface ChoiceSet<P extends Peer> {
  /** Never empty. */
  readonly open: readonly P[];
  /** Those, and the others of their rank that are left out for a while. */
  readonly all: readonly P[];
}

/** What a choice may go by beside the peers. */
export interface ChoiceQuestion {
  readonly nowMs: number;
  /** Numbers in [0, 1). */
  readonly random: () => number;
  /** Of the key of this request; undefined when it has none. */
  readonly hash: number | undefined;
}

/** Chooses who gets a request. What it remembers between choices is bounded by the number of peers. */
export interface Balancer {
  choose<P extends Peer>(set: ChoiceSet<P>, question: ChoiceQuestion): P;
}
