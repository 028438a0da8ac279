import type { HttpRequest, HttpResponse } from '../../../http/index.ts';
import {
  type HttpBackend,
  type HttpFilter,
  type HttpMatch,
  type HttpRoute,
  type HttpRule,
  ruleLabel,
  serviceKey,
} from '../../../model/index.ts';
import { WaypointError } from '../../errors.ts';
import type { Layer } from '../../request/layer.ts';
import type { RequestContext } from '../../request/request-context.ts';
import { pathOf } from '../../routing/request-facts.ts';
import { type BackendChoiceOptions, createBackendChoice } from './backend-choice.ts';
import { applyHeaderFilter } from './header-filter.ts';
import { redirect } from './redirect.ts';

/**
 * Sends a request to a backend of the rule that takes it, by their weights unless the client has a session with one, or
 * answers with the rule's redirect. Without routes: to the service that was dialled. Throws a WaypointError when no rule
 * holds, or the backend is not valid.
 */
export function createRouteLayer(options: BackendChoiceOptions = {}): Layer {
  const choose = createBackendChoice(options);
  return (next) => async (request, context) => {
    const selection = context.route();
    switch (selection.kind) {
      case 'unmatched':
        throw noRoute(request, context);
      case 'default':
        context.record.byDefault = context.dialled.service;
        return next(request, { ...context, backend: dialledBackend(context) });
      case 'rule': {
        const { route, rule, match } = selection;
        context.record.route = route.key;
        context.record.routeRule = ruleLabel(route, rule);
        context.record.taken = selection;
        const redirected = redirectBy(rule.filters, request, match);
        if (redirected !== undefined) return redirected;
        const { consumer } = context;
        const chosen = consumer === undefined ? choose(request, context, rule) : consumer.backend;
        const backend = validBackend(route, rule, chosen);
        return (
          redirectBy(backend.filters, request, match) ??
          next(request, { ...context, backend: backend.target, backendFilters: backend.filters })
        );
      }
    }
  };
}

function dialledBackend({ dialled }: RequestContext): RequestContext['backend'] {
  if (dialled.kind === 'workload') return undefined;
  const { service, port } = dialled;
  return { kind: 'service', service: serviceKey(service.namespace, service.hostname), port };
}

/** A redirect is the answer; the filters for answers hold for it too. */
function redirectBy(
  filters: readonly HttpFilter[],
  request: HttpRequest,
  match: HttpMatch,
): HttpResponse | undefined {
  const filter = filters.find(({ type }) => type === 'redirect');
  if (filter?.type !== 'redirect') return undefined;
  const response = redirect(request, filter, match);
  for (const other of filters)
    if (other.type === 'response-headers') applyHeaderFilter(response.headers, other);
  return response;
}

function validBackend(route: HttpRoute, rule: HttpRule, backend: HttpBackend | undefined): HttpBackend {
  if (backend?.target.kind === 'service') return backend;
  const where = `${route.key}, rule ${ruleLabel(route, rule)}`;
  const [reason, message] =
    backend?.target.kind === 'invalid'
      ? [backend.target.reason, backend.target.message]
      : ['NoBackends', 'expected a backend with a weight above 0, got none'];
  throw new WaypointError({
    code: 'ERR_WAYPOINT_INVALID_BACKEND',
    blame: 'local',
    message: `${where}: ${message}`,
    hint: "the route's conditions in its status say more",
    reason,
  });
}

function noRoute(request: HttpRequest, { dialled }: RequestContext): WaypointError {
  const service = dialled.service === undefined ? 'the pod' : dialled.service.hostname;
  return new WaypointError({
    code: 'ERR_WAYPOINT_NO_ROUTE',
    blame: 'downstream',
    message: `expected a request that a rule of the routes of ${service} takes, got ${request.method} ${request.authority}${pathOf(request.target)}`,
    hint: 'nodemesh routes lists the rules; add one that takes the request, or one without matches',
  });
}
