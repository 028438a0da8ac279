import { extensionMissing } from '../../admission/extension-missing.ts';
import { type HoldingPlace, holdingAt } from '../../admission/holding-at.ts';
import type { RateLimiter } from '../../rate-limit/rate-limiter.ts';
import type { Layer } from '../../request/layer.ts';

/**
 * Counts requests against the limits of what was dialled, of the route that takes them and of what its rule names, and
 * refuses those that find no room.
 */
export function rateLimitLayer(limiter: Pick<RateLimiter, 'admit'>, place: HoldingPlace = 'request'): Layer {
  return (next) => async (request, context) => {
    const { objects, missing } = holdingAt(place, context.plan.rateLimits, context);
    if (missing !== undefined) throw extensionMissing(missing);
    if (objects.length === 0) return next(request, context);
    const announcement = await limiter.admit(objects, request, context);
    const response = await next(request, context);
    for (const [name, value] of announcement) response.headers.add(name, value);
    return response;
  };
}
