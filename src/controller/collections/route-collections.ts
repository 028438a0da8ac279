import type { Route } from '../../model/index.ts';
import { objectKey, type RouteObject } from '../objects/index.ts';
import {
  type CheckedRoute,
  checkRules,
  claimKey,
  claimKeysFor,
  claimSlot,
  claimsOf,
  grantSlot,
  grantSlots,
  type MeshSettings,
  ownController,
  type ParentLookup,
  precedes,
  type RouteClaim,
  type RouteReferences,
  type RouteStatus,
  type ServicePortFacts,
  serviceFacts,
  translateRoute,
} from '../translate/index.ts';
import type { Collection, Fetch, Graph } from './graph/index.ts';
import type { MeshStores } from './mesh-stores.ts';
import type { WaypointBinder } from './waypoint-collections.ts';

/** By RouteKey. */
export interface RouteCollections {
  /** Routes that at least one Service has accepted. */
  readonly routes: Collection<Route>;
  /** Of all routes; without parents where none of a route's parents is ours. */
  readonly routeStatuses: Collection<RouteStatus>;
}

/** Routes that conflict are all there; who gives way is told in their status. */
export function deriveRoutes(
  graph: Graph,
  { stores, waypoints }: { readonly stores: MeshStores; readonly waypoints: WaypointBinder },
  settings: MeshSettings,
): RouteCollections {
  const services = graph.derive(stores.services, (fetch, object) => {
    const { binding } = waypoints.bind(fetch, 'service', object.meta);
    return [[objectKey(object.meta), serviceFacts(object, binding, settings)]];
  });
  const grants = graph.index(stores.referenceGrants, grantSlots);
  const gatewayControllers = graph.derive(stores.gateways, (fetch, gateway, key) => {
    const controller = ownController(
      gateway.className,
      fetch.one(stores.gatewayClasses, gateway.className),
      settings,
    );
    return controller === undefined ? [] : [[key, controller]];
  });
  const checked = graph.derive(stores.routes, (_fetch, object, key) => [[key, checkRules(object)]]);
  const claims = graph.derive(checked, (_fetch, route, key) =>
    claimsOf(route).map((claim, index) => [`${key}|${index}`, claim] as const),
  );
  // Whether there is a claim changes seldom; who has made it does not matter.
  const claimed = graph.distinct(claims, claimKey, () => true);
  const claimsBySlot = graph.index(claims, ({ kind, slot }) => [`${kind}|${slot}`]);

  const lookupFor = (fetch: Fetch, { object }: CheckedRoute): RouteReferences & ParentLookup => ({
    service: (namespace, name) => fetch.one(services, objectKey({ namespace, name })),
    grants: (namespace) =>
      fetch.all(grants, grantSlot(namespace, { kind: object.kind, namespace: object.meta.namespace })),
    hasExtension: (kind, name) => {
      const store = {
        Filter: stores.filters,
        RateLimit: stores.rateLimits,
        FaultInjection: stores.faultInjections,
      };
      return (
        fetch.one<unknown>(store[kind], objectKey({ namespace: object.meta.namespace, name })) !== undefined
      );
    },
    gatewayController: (namespace, name) => fetch.one(gatewayControllers, objectKey({ namespace, name })),
    occupant: (parent, port) => {
      if (object.kind === 'HTTPRoute') {
        const keys = claimKeysFor('GRPCRoute', claimSlot(object, parent), port);
        const isTaken = keys.some((key) => fetch.one(claimed, key) === true);
        return isTaken ? `a GRPCRoute has port ${port.port}, and its calls are HTTP requests too` : undefined;
      }
      if (object.kind !== 'TCPRoute') return undefined;
      const rivals = fetch.all(claimsBySlot, `TCPRoute|${claimSlot(object, parent)}`);
      const first = olderClaim(rivals, object, port);
      return first === undefined ? undefined : `the older TCPRoute ${first.name} has port ${port.port}`;
    },
  });

  const outcomes = graph.derive(checked, (fetch, route, key) => [
    [key, translateRoute(route, lookupFor(fetch, route))],
  ]);
  return {
    routes: graph.derive(outcomes, (_fetch, { route }, key) => (route === undefined ? [] : [[key, route]])),
    routeStatuses: graph.derive(outcomes, (_fetch, { status }, key) => [[key, status]]),
  };
}

/** The claim on a port that goes before all others, if it is older than the route's own. */
function olderClaim(
  claims: readonly RouteClaim[],
  { meta }: RouteObject,
  port: ServicePortFacts,
): RouteClaim | undefined {
  return claims
    .filter(
      (claim) =>
        (claim.port === undefined || claim.port === port.port) &&
        (claim.sectionName === undefined || claim.sectionName === port.name) &&
        precedes(claim, meta),
    )
    .sort((a, b) => (precedes(a, b) ? -1 : 1))[0];
}
