import {
  type GatewayKey,
  isDefaultRoute,
  NO_RATES,
  type Route,
  routeViews,
  type ServiceKey,
  type WaypointView,
} from '../../../model/index.ts';
import type { WaypointFacts } from '../../../telemetry/index.ts';
import type { MeshCollections } from '../../collections/index.ts';
import type { WaypointTraffic } from '../../translate/index.ts';
import type { ReportedProxy } from '../observation-service.ts';
import { addRates } from './add-rates.ts';

type RouteView = WaypointView['routes'][number];
type Known = Pick<MeshCollections, 'waypoints' | 'waypointHealth' | 'waypointResources' | 'services'>;

/** Waypoints with the routes that they were told of, and what their pods tell together of how these go. */
export function meshWaypoints(
  collections: Known,
  reported: ReadonlyMap<string, ReportedProxy>,
): readonly WaypointFacts[] {
  const told = [...reported.entries()].flatMap(([proxy, { state }]) =>
    proxy.startsWith('waypoint/') && state?.waypoint !== undefined ? [state.waypoint] : [],
  );
  const routes = routesByWaypoint(collections);
  const nameOf = (key: ServiceKey): string => {
    const service = collections.services.get(key)?.service;
    return service === undefined ? key : `${service.namespace}/${service.name}`;
  };
  return [...collections.waypoints.values()].map(({ key, namespace, name, traffic }) => {
    const { pods = 0, ready = 0 } = collections.waypointHealth.get(key) ?? {};
    const own = told.filter((view) => view.namespace === namespace && view.name === name);
    const views = own.flatMap((view) => view.routes);
    const rates = joinRates(views);
    const known = [
      ...(routes.get(key) ?? []).flatMap((route) => routeViews(route, nameOf, () => NO_RATES)),
      // Of services without a route only who serves them knows.
      ...new Map(views.filter(isDefaultRoute).map((view) => [keyOf(view), view])).values(),
    ];
    return {
      namespace,
      name,
      ready: { pods: ready, total: pods },
      serves: own[0]?.serves ?? SERVES[traffic],
      routes: known.map((view) => ({ ...view, rates: rates.get(keyOf(view)) ?? view.rates })),
      ejected: own.flatMap(({ ejected }) => ejected),
    };
  });
}

function routesByWaypoint({ waypointResources }: Known): ReadonlyMap<GatewayKey, readonly Route[]> {
  const routes = new Map<GatewayKey, Route[]>();
  for (const collection of waypointResources) {
    for (const { resource, gateways } of collection.values()) {
      if (resource.kind !== 'route') continue;
      for (const gateway of gateways) {
        const known = routes.get(gateway) ?? [];
        known.push(resource.route);
        routes.set(gateway, known);
      }
    }
  }
  return routes;
}

/** Of each rule, whichever pods of the waypoint serve it. */
function joinRates(views: readonly RouteView[]): ReadonlyMap<string, RouteView['rates']> {
  const joined = new Map<string, RouteView['rates']>();
  for (const view of views) {
    const sum = joined.get(keyOf(view));
    joined.set(keyOf(view), sum === undefined ? view.rates : addRates(sum, view.rates));
  }
  return joined;
}

function keyOf({ kind, namespace, name, rule }: RouteView): string {
  return [kind, namespace, name, rule].join('\n');
}

/** Until one of its pods says how many. */
const SERVES: Readonly<Record<WaypointTraffic, string>> = {
  service: 'services',
  workload: 'pods',
  all: 'services and pods',
  none: 'nothing',
};
