import type { WaypointView } from '../../../model/index.ts';
import type { WaypointFacts } from '../../../telemetry/index.ts';
import type { MeshCollections } from '../../collections/index.ts';
import type { ReportedProxy } from '../observation-service.ts';
import { addRates } from './add-rates.ts';

type Route = WaypointView['routes'][number];

/** Waypoints, with what their pods tell together. */
export function meshWaypoints(
  { waypoints, waypointHealth }: Pick<MeshCollections, 'waypoints' | 'waypointHealth'>,
  reported: ReadonlyMap<string, ReportedProxy>,
): readonly WaypointFacts[] {
  const told = [...reported.entries()].flatMap(([proxy, { state }]) =>
    proxy.startsWith('waypoint/') && state?.waypoint !== undefined ? [state.waypoint] : [],
  );
  return [...waypoints.values()].map(({ key, namespace, name, traffic }) => {
    const { pods = 0, ready = 0 } = waypointHealth.get(key) ?? {};
    const own = told.filter((view) => view.namespace === namespace && view.name === name);
    return {
      namespace,
      name,
      ready: { pods: ready, total: pods },
      serves: traffic,
      routes: joinRoutes(own.flatMap(({ routes }) => routes)),
      ejected: own.flatMap(({ ejected }) => ejected),
    };
  });
}

/** Each route once, whichever pods of the waypoint serve it. */
function joinRoutes(routes: readonly Route[]): readonly Route[] {
  const joined = new Map<string, Route>();
  for (const route of routes) {
    const { kind, namespace, name, service, rule } = route;
    const key = [kind, namespace, name, service, rule].join('\n');
    const sum = joined.get(key);
    joined.set(key, sum === undefined ? route : { ...sum, rates: addRates(sum.rates, route.rates) });
  }
  return [...joined.values()];
}
