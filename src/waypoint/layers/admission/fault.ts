import { extensionMissing } from '../../admission/extension-missing.ts';
import { type HoldingPlace, holdingAt } from '../../admission/holding-at.ts';
import type { FaultInjector } from '../../faults/fault-injector.ts';
import type { Layer } from '../../request/layer.ts';
import { requestLimitMs, requestTimedOut } from '../resilience/request-limit.ts';

/**
 * Injects the faults that hold for a request. A delay is a part of the time that the request may take: where that ends, the
 * client is told so, as if a backend had been slow.
 */
export function faultLayer(deps: {
  readonly injector: Pick<FaultInjector, 'inject'>;
  readonly clock: { monotonic(): number };
  readonly place?: HoldingPlace;
}): Layer {
  const { injector, clock, place = 'request' } = deps;
  return (next) => async (request, context) => {
    const { objects, missing } = holdingAt(place, context.plan.faults, context);
    if (missing !== undefined) throw extensionMissing(missing);
    if (objects.length === 0) return next(request, context);
    const limitMs = requestLimitMs(request, context);
    await injector.inject(objects, request, context, limitMs);
    if (clock.monotonic() - context.startedMs >= limitMs) throw requestTimedOut(limitMs);
    return next(request, context);
  };
}
