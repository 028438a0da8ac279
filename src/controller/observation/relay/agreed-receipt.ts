import type { ObservationReceipt } from '../../../model/index.ts';

/**
 * What a proxy is to do so that all controllers have everything once. The next report begins where the one ends that knows least
 * (all others pass it over), and ends where the next one goes on, so that these two agree from then on. A controller that has
 * just started gets all that is kept that way, and the others nothing twice.
 */
export function agreedReceipt(
  own: ObservationReceipt,
  others: readonly ObservationReceipt[],
): ObservationReceipt {
  const ends = [own, ...others].map(({ acknowledged }) => acknowledged);
  const acknowledged = Math.min(...ends);
  const further = ends.filter((end) => end > acknowledged);
  return {
    acknowledged,
    requestsFollowed: [own, ...others].some(({ requestsFollowed }) => requestsFollowed),
    meshDashboardUrl: own.meshDashboardUrl,
    nextUpTo: further.length === 0 ? undefined : Math.min(...further),
  };
}
