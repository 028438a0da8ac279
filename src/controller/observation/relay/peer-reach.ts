import type { Clock } from '../../../base/index.ts';

/** Whether another controller is worth waiting for. One that is away is tried by one report a second, and the others do not wait. */
export interface PeerReach {
  /** Whether to try now; true is to be followed by `ended`. */
  begin(): boolean;
  /** Returns what that changes: it is `away` from now on, or `back`; undefined: nothing. */
  ended(answered: boolean): 'away' | 'back' | undefined;
}

export function createPeerReach(clock: Pick<Clock, 'monotonic'>): PeerReach {
  let underWay = 0;
  let failures = 0;
  let retryAtMs = 0;
  return {
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
      if (answered) {
        const wasAway = failures >= FAILURES;
        failures = 0;
        return wasAway ? 'back' : undefined;
      }
      failures += 1;
      if (failures !== FAILURES) return undefined;
      retryAtMs = clock.monotonic() + RETRY_MS;
      return 'away';
    },
  };
}

/** A connection takes a hundred calls at once, and nodes' reports need it too. */
const MOST_UNDER_WAY = 64;
/** In a row: one may be of a proxy that the other controller does not know yet. */
const FAILURES = 3;
const RETRY_MS = 1_000;
