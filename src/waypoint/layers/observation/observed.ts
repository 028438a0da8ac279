import type { ObserveRequest } from '../../observation/observe-request.ts';
import type { Layer } from '../../request/layer.ts';

/** Tells of each request when it is over, for dashboards. */
export function observedLayer(observe: ObserveRequest): Layer {
  return (next) => (request, context) => {
    context.onEnd(() => observe(request, context));
    return next(request, context);
  };
}
