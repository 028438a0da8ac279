import type { RequestView } from '../../model/index.ts';
import type { ObservationStore } from '../../telemetry/index.ts';

/** Requests for somebody who follows them at the controller. */
export interface FollowedRequests {
  /** Whether anybody does: views of requests are made only then. */
  follow(wanted: boolean): void;
  /** What has ended since the last time. */
  take(): readonly RequestView[];
}

/** Of one report; who watches a busy waypoint sees some of its requests. */
const MOST = 200;

/** Follows nobody until somebody wants it, and then keeps a bounded number between two reports. */
export function createFollowedRequests(store: Pick<ObservationStore, 'follow'>): FollowedRequests {
  let kept: RequestView[] = [];
  let unfollow: (() => void) | undefined;
  const keep = (request: RequestView): void => {
    if (kept.length < MOST) kept.push(request);
  };
  return {
    follow(wanted) {
      if (wanted) {
        unfollow ??= store.follow({ requestEnded: keep });
        return;
      }
      unfollow?.();
      unfollow = undefined;
      kept = [];
    },
    take() {
      const taken = kept;
      kept = [];
      return taken;
    },
  };
}
