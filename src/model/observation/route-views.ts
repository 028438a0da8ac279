import type { ServiceKey } from '../service.ts';
import type { HttpRoute, Route } from '../waypoint/route.ts';
import { ruleLabel } from '../waypoint/rule-label.ts';
import type { Rates, WaypointView } from './views.ts';

type RouteView = WaypointView['routes'][number];

/** Of a service without routes: all its requests go to the service itself. */
export function defaultRouteView(service: {
  readonly namespace: string;
  readonly name: string;
  readonly rates: Rates;
}): RouteView {
  const { namespace, name, rates } = service;
  return { kind: DEFAULT_ROUTE, namespace, name, service: `${namespace}/${name}`, rule: 'default', rates };
}

/** Whether it is that of a service, and no object. */
export function isDefaultRoute({ kind }: RouteView): boolean {
  return kind === DEFAULT_ROUTE;
}

const DEFAULT_ROUTE = 'Service';

/**
 * The rules of a route as people see them, each with its rates. None of a route for connections: of those only the whole service's
 * traffic is counted.
 */
export function routeViews(
  route: Route,
  serviceName: (key: ServiceKey) => string,
  ratesOf: (route: HttpRoute, rule: string) => Rates,
): WaypointView['routes'] {
  if (route.kind !== 'HTTPRoute' && route.kind !== 'GRPCRoute') return [];
  const service = route.parents.map((parent) => serviceName(parent.service)).join(', ');
  return route.rules.map((rule) => {
    const label = ruleLabel(route, rule);
    return {
      kind: route.kind,
      namespace: route.namespace,
      name: route.name,
      service,
      rule: label,
      rates: ratesOf(route, label),
    };
  });
}
