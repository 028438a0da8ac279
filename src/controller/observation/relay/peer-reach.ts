import type { Clock } from '../../../base/index.ts';

/** Whether another controller is worth waiting for. One that is away is tried by one report a second, and the others do not wait. */
export interface PeerReach {
  /** It has been away for so long that people may want to know. */
  readonly isAway: boolean;
  /** Whether to try now; true is to be followed by `ended`. */
  begin(): boolean;
  /** Whether that changes `isAway`. */
  ended(answered: boolean): boolean;
}

/** Of one controller, which is thought to be there. */
export function createPeerReach(clock: Pick<Clock, 'monotonic'>): PeerReach {
  let underWay = 0;
  let failures = 0;
  /** Since when nothing has been answered. */
  let silentSinceMs = 0;
  let retryAtMs = 0;
  let isAway = false;
  return {
    get isAway() {
      return isAway;
    },
    begin() {
      if (underWay >= MOST_UNDER_WAY) return false;
      if (failures >= FAILURES) {
        const nowMs = clock.monotonic();
        if (nowMs < retryAtMs) return false;
        retryAtMs = nowMs + RETRY_MS;
      }
      underWay += 1;
      return true;
    },
    ended(answered) {
      underWay -= 1;
      const wasAway = isAway;
      if (answered) {
        failures = 0;
        isAway = false;
        return wasAway;
      }
      const nowMs = clock.monotonic();
      failures += 1;
      if (failures === 1) silentSinceMs = nowMs;
      if (failures === FAILURES) retryAtMs = nowMs + RETRY_MS;
      isAway = failures >= FAILURES && nowMs - silentSinceMs >= TOLD_AFTER_MS;
      return isAway !== wasAway;
    },
  };
}

/** A connection takes a hundred calls at once, and nodes' reports need it too. */
const MOST_UNDER_WAY = 64;
/** In a row: one may be of a proxy that the other controller does not know yet. */
const FAILURES = 3;
const RETRY_MS = 1_000;
/** Replicas that come and go with an upgrade are away for less. */
const TOLD_AFTER_MS = 10_000;
