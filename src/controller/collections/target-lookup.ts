import { gatewayKey, routeKey } from '../../model/index.ts';
import { objectKey } from '../objects/index.ts';
import { foreignParentsOf, type TargetLookup } from '../translate/index.ts';
import type { Fetch } from './graph/index.ts';
import type { MeshStores } from './mesh-stores.ts';
import type { WaypointCollections } from './waypoint-collections.ts';

/** What an object in a namespace can be attached to. */
export function targetLookup(
  fetch: Fetch,
  namespace: string,
  {
    stores,
    waypoints,
  }: { readonly stores: MeshStores; readonly waypoints: Pick<WaypointCollections, 'waypoints'> },
): TargetLookup {
  return {
    service(name) {
      const service = fetch.one(stores.services, objectKey({ namespace, name }));
      return (
        service && {
          ports: service.ports.map(({ name: port, port: servicePort }) => ({ name: port, servicePort })),
        }
      );
    },
    waypoint: (name) => fetch.one(waypoints.waypoints, gatewayKey(namespace, name)),
    route(kind, name) {
      const route = fetch.one(stores.routes, routeKey(kind, namespace, name));
      return (
        route && {
          ruleNames: route.rules.flatMap((rule) => rule.name ?? []),
          isOfConsumer: foreignParentsOf(route) !== 'none',
        }
      );
    },
  };
}
