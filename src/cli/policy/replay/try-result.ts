import type { ServicePort, TrafficEnd } from '../../../model/index.ts';

/** What a proposal would change. What `-o json` prints. */
export interface TryResult {
  /** `AuthorizationPolicy shop/only-cart`, and whether it would be new or take the place of one that is in force. */
  readonly proposed: readonly { readonly object: string; readonly isNew: boolean }[];
  /** Seconds back from the newest flow. */
  readonly windowSeconds: number;
  /** Kinds of connections and requests, and how many they stand for. */
  readonly flows: { readonly kinds: number; readonly count: number };
  readonly refused: readonly ChangedFlow[];
  readonly allowed: readonly ChangedFlow[];
  readonly unknown: readonly ChangedFlow[];
  /** How many would go on as they do. */
  readonly unchanged: number;
  /** What of the proposal could not be read, and what else is to be known. */
  readonly notes: readonly string[];
}

/** All that would be judged alike, by the same rule. */
export interface ChangedFlow {
  readonly source: TrafficEnd;
  readonly destination: TrafficEnd;
  readonly service: ServicePort | undefined;
  /** `waypoint shop/waypoint`, or `node proxy`. */
  readonly at: string;
  /** `GET /orders`; of several paths the first; empty for connections. */
  readonly request: string;
  readonly count: number;
  /** Milliseconds since 1970. */
  readonly lastMs: number;
  readonly policy: string;
  /** From 1; 0: none decided. */
  readonly rule: number;
  /** Why, in a sentence; of unknown ones what was not kept. */
  readonly because: string;
  /** What would have to be changed in the proposal to let it through; empty where nothing need be. */
  readonly fix: string;
}
