import { extensionMissing } from '../../admission/extension-missing.ts';
import { type HoldingPlace, holdingAt } from '../../admission/holding-at.ts';
import type { HostedFilter } from '../../filter/filter-host.ts';
import type { Handler, Layer } from '../../request/layer.ts';

/**
 * Has the filters of a request see it, from the widest attachment to what its rule names, and its answer in the opposite
 * order. A filter that answers itself is the last to see the request, and those before it see its answer.
 */
export function filterLayer(place: HoldingPlace = 'request'): Layer {
  return (next) => async (request, context) => {
    const { objects, missing } = holdingAt(place, context.plan.filters, context);
    if (missing !== undefined) throw extensionMissing(missing);
    return objects.reduceRight(through, next)(request, context);
  };
}

function through(next: Handler, filter: HostedFilter): Handler {
  return async (request, context) => {
    const visit = filter.visit(context);
    try {
      const onward = await visit.onRequest(request);
      if (onward.kind === 'answer') return onward.response;
      return await visit.onResponse(await next(onward.request, context), request);
    } finally {
      visit.leave();
    }
  };
}
