import type { HttpFilter } from '../../../model/index.ts';
import type { Layer } from '../../request/layer.ts';
import type { RequestContext } from '../../request/request-context.ts';
import type { RouteSelection } from '../../routing/route-selection.ts';
import { normalizedTarget } from '../security/normalized-path.ts';
import { type BackendChoiceOptions, createBackendChoice } from './backend-choice.ts';
import { changeRequest } from './headers-and-url.ts';

/**
 * A consumer route is written where the client is, so what it makes of a request is what the client wants: it is done before
 * anything judges, counts or shows the request to a filter, as if the client had sent it so. The backend is chosen here too,
 * since its filters change the request. Rejects with ERR_WAYPOINT_PATH where a rewrite makes no path.
 */
export function createConsumerRouteLayer(options: BackendChoiceOptions): Layer {
  const choose = createBackendChoice(options);
  return (next) => async (request, context) => {
    const selection = context.route();
    if (selection.kind !== 'rule' || !isOfConsumer(selection, context)) return next(request, context);
    const { rule, match } = selection;
    const backend = choose(request, context, rule);
    const filters = [...rule.filters, ...(backend?.filters ?? [])];
    const own = { ...context, consumer: { backend } };
    // A redirect is answered; what follows is another request.
    if (!filters.some(isChange) || filters.some(({ type }) => type === 'redirect')) return next(request, own);
    const changed = changeRequest(request, filters, match, TOLD_BY_WAYPOINT);
    const target = normalizedTarget(changed.target, context.plan.pathNormalization);
    return next({ ...changed, target }, own);
  };
}

function isOfConsumer(
  { route }: Extract<RouteSelection, { kind: 'rule' }>,
  { dialled }: RequestContext,
): boolean {
  return dialled.kind === 'service' && dialled.service.namespace !== route.namespace;
}

function isChange({ type }: HttpFilter): boolean {
  return type === 'request-headers' || type === 'rewrite';
}

/** Where a request comes from is not for a client to say. */
const TOLD_BY_WAYPOINT: ReadonlySet<string> = new Set([
  'forwarded',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
]);
