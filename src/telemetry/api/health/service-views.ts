import type { RefusalView, ServiceView } from '../../../model/index.ts';
import type { ApiSources } from '../facts.ts';
import { serviceProblems } from './service-problems.ts';

/** The services with their traffic over a window, and what is wrong with them. */
export function serviceViews(
  { store, facts }: Pick<ApiSources, 'store' | 'facts'>,
  windowMs: number,
): readonly ServiceView[] {
  const rates = store.serviceRates(windowMs);
  const slow = Map.groupBy(store.slowBackends(windowMs), ({ service }) => service);
  const refusals = Map.groupBy<string, RefusalView>(
    store.refusals({ windowMs, limit: MOST_REFUSALS }),
    ({ service }) => (service === undefined ? '' : `${service.namespace}/${service.name}`),
  );
  const waypointFacts = facts.waypoints(windowMs);
  const ejected = Map.groupBy(
    waypointFacts.flatMap((waypoint) =>
      waypoint.ejected.map((one) => ({ ...one, waypoint: `${waypoint.namespace}/${waypoint.name}` })),
    ),
    // Of a service it is `namespace/name:port`.
    ({ backend }): string => backend.slice(0, backend.lastIndexOf(':')),
  );
  const waypoints = new Map<string, number>(
    waypointFacts.map(({ namespace, name, ready }) => [`${namespace}/${name}`, ready.pods]),
  );
  return facts.services().map(({ inMesh, ...service }) => {
    const key = `${service.namespace}/${service.name}`;
    const own = rates.of(service.namespace, service.name);
    const problems = serviceProblems({
      service,
      waypointPods: waypoints.get(service.waypoint),
      ejected: ejected.get(key) ?? [],
      rates: own,
      refusals: refusals.get(key) ?? [],
      slow: slow.get(key) ?? [],
    });
    return { ...service, rates: own, problems };
  });
}

/** The newest say enough of what is the matter. */
const MOST_REFUSALS = 1_000;
