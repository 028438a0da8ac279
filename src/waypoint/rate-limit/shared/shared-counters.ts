import type { Closable } from '../../../base/index.ts';
import type { SharedCounting } from '../../../model/index.ts';
import type { Claim, Settled } from '../claim.ts';

/** Counting in servers that several waypoints share. */
export interface SharedCounters extends Closable {
  /** The same text for limits that are counted over one connection. */
  idOf(counting: SharedCounting): string;
  /**
   * Takes all claims or none, in one step of the server. Undefined: it does not answer, or not in time (the shortest of
   * the claims'). Never rejects.
   */
  take(
    counting: SharedCounting,
    claims: readonly Claim[],
    nowMs: number,
  ): Promise<readonly Settled[] | undefined>;
  /** Connections to other servers than these are closed, those that are missing are made. */
  keepOnly(countings: readonly SharedCounting[]): void;
}
