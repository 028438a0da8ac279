import {
  type GatewayKey,
  gatewayAddressKey,
  gatewayKey,
  type IpAddress,
  owningWaypoints,
  type Service,
  type WaypointBinding,
} from '../../model/index.ts';
import type { ObjectMeta, PodObject } from '../objects/index.ts';
import {
  type BoundWaypoint,
  bindWaypoint,
  GATEWAY_NAME,
  type MeshSettings,
  translateWaypoint,
  type WaypointInfo,
} from '../translate/index.ts';
import type { Collection, Fetch, Graph } from './graph/index.ts';
import type { MeshStores } from './mesh-stores.ts';

/** The waypoints that there are, and what goes through which. */
export interface WaypointCollections {
  /** By the Gateway's `namespace/name`. */
  readonly waypoints: Collection<WaypointInfo>;
  /** How many pods each has, by the same. */
  readonly waypointHealth: Collection<WaypointHealth>;
  /** The waypoints behind a binding, the first one being the one that it names first. */
  boundTo(fetch: Fetch, binding: WaypointBinding): readonly GatewayKey[];
  /**
   * Of which waypoint a pod is. Its label alone proves nothing: one that we deploy runs under the waypoint's service
   * account, and whoever may run pods under that is the waypoint.
   */
  waypointOfPod(fetch: Fetch, pod: PodObject): WaypointInfo | undefined;
}

/** Pods of a waypoint that are not on their way out. */
export interface WaypointHealth {
  readonly pods: number;
  readonly ready: number;
}

/** For the collections that bind what they hold. */
export interface WaypointBinder extends WaypointCollections {
  bind(fetch: Fetch, traffic: 'service' | 'workload', meta: ObjectMeta): BoundWaypoint;
  /** The waypoints that are reached by this service. */
  servedBy(fetch: Fetch, service: Service): readonly WaypointInfo[];
}

/** Gateways of other classes are not among them. */
export function deriveWaypoints(graph: Graph, stores: MeshStores, settings: MeshSettings): WaypointBinder {
  const waypoints = graph.derive(stores.gateways, (fetch, gateway, key) => {
    const info = translateWaypoint(gateway, fetch.one(stores.gatewayClasses, gateway.className), settings);
    return info === undefined ? [] : [[key, info]];
  });
  const byAddress = graph.index(waypoints, ({ address }) => [gatewayAddressKey(address)]);
  const podsByGateway = graph.index(stores.pods, ({ meta }) => {
    const name = meta.labels.get(GATEWAY_NAME);
    return name === undefined ? [] : [gatewayKey(meta.namespace, name)];
  });
  const servicesByAddress = graph.index(stores.services, ({ clusterAddresses }) => clusterAddresses);
  /** The namespaces of the services at an address: no Gateway of another is what is reached there. */
  const ownersOf = (fetch: Fetch, address: IpAddress): ReadonlySet<string> =>
    new Set(fetch.all(servicesByAddress, address).map(({ meta }) => meta.namespace));
  const waypointHealth = graph.derive(waypoints, (fetch, info, key) => {
    const pods = fetch.all(podsByGateway, key).filter((pod) => isPodOf(info, pod) && !pod.meta.terminating);
    return [[key, { pods: pods.length, ready: pods.filter(({ ready }) => ready).length }]];
  });
  return {
    waypoints,
    waypointHealth,
    boundTo: (fetch, binding) =>
      owningWaypoints(binding).flatMap((address) => {
        const owners = address.kind === 'address' ? ownersOf(fetch, address.address) : NOBODY;
        return fetch
          .all(byAddress, gatewayAddressKey(address))
          .filter(({ namespace }) => owners.size === 0 || owners.has(namespace))
          .map(({ key }) => key);
      }),
    waypointOfPod(fetch, { meta, serviceAccount }) {
      const name = meta.labels.get(GATEWAY_NAME);
      const info = name === undefined ? undefined : fetch.one(waypoints, gatewayKey(meta.namespace, name));
      return info !== undefined && isPodOf(info, { serviceAccount }) ? info : undefined;
    },
    bind: (fetch, traffic, meta) =>
      bindWaypoint(
        { traffic, meta, namespace: fetch.one(stores.namespaces, meta.namespace), settings },
        {
          waypoint: (key) => fetch.one(waypoints, key),
          hasGateway: (key) => fetch.one(stores.gateways, key) !== undefined,
        },
      ),
    servedBy: (fetch, { namespace, hostname, addresses }) =>
      [`${namespace}/${hostname}`, ...addresses.map(({ network, address }) => `${network}/${address}`)]
        .flatMap((address) => fetch.all(byAddress, address))
        // A Gateway may say any address, also of a service that is none of its namespace's business.
        .filter((waypoint) => waypoint.namespace === namespace),
  };
}

/** Of those that carry its label. */
function isPodOf(waypoint: WaypointInfo, pod: Pick<PodObject, 'serviceAccount'>): boolean {
  return !waypoint.ours || waypoint.placed || waypoint.serviceAccount === pod.serviceAccount;
}

const NOBODY: ReadonlySet<string> = new Set();
