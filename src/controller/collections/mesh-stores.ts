import type {
  AuthorizationPolicyObject,
  ConfigMapObject,
  DeploymentObject,
  EndpointSliceObject,
  FaultInjectionObject,
  FilterObject,
  GatewayClassObject,
  GatewayObject,
  MeshObject,
  NamespaceObject,
  NodeObject,
  ObjectKind,
  PeerAuthenticationObject,
  PodObject,
  RateLimitObject,
  RequestAuthenticationObject,
  ReferenceGrantObject,
  RouteObject,
  ServiceAccountObject,
  ServiceObject,
  TelemetryObject,
  TrafficPolicyObject,
  XBackendTrafficPolicyObject,
} from '../objects/index.ts';
import { objectKey } from '../objects/index.ts';
import type { ObjectEvent } from '../sources/index.ts';
import type { Collection, Graph, Store } from './graph/index.ts';

/** An object with what is wrong about it; only policies and our own objects may have faults. */
export interface Judged<T> {
  readonly object: T;
  readonly faults: readonly string[];
}

/** The objects as they came, by `namespace/name`: what everything else is derived from. */
export interface MeshStores {
  readonly namespaces: Store<NamespaceObject>;
  readonly nodes: Store<NodeObject>;
  readonly pods: Store<PodObject>;
  readonly services: Store<ServiceObject>;
  readonly slices: Store<EndpointSliceObject>;
  readonly policies: Store<Judged<AuthorizationPolicyObject>>;
  readonly peers: Store<Judged<PeerAuthenticationObject>>;
  readonly requestAuthentications: Store<Judged<RequestAuthenticationObject>>;
  readonly telemetries: Store<Judged<TelemetryObject>>;
  readonly gateways: Store<GatewayObject>;
  readonly gatewayClasses: Store<GatewayClassObject>;
  /** By RouteKey: kinds of routes share the store. */
  readonly routes: Store<RouteObject>;
  readonly referenceGrants: Store<ReferenceGrantObject>;
  readonly configMaps: Store<ConfigMapObject>;
  readonly deployments: Store<DeploymentObject>;
  readonly serviceAccounts: Store<ServiceAccountObject>;
  readonly rateLimits: Store<Judged<RateLimitObject>>;
  readonly faultInjections: Store<Judged<FaultInjectionObject>>;
  readonly filters: Store<Judged<FilterObject>>;
  /** By TrafficPolicyKey: both kinds share the store. */
  readonly trafficPolicies: Store<Judged<TrafficPolicyObject | XBackendTrafficPolicyObject>>;
}

/** The same, for whoever only reads. */
export type MeshObjects = {
  readonly [Name in keyof MeshStores]: MeshStores[Name] extends Store<infer T> ? Collection<T> : never;
};

/** Empty stores of the graph. */
export function createMeshStores(graph: Graph): MeshStores {
  return {
    namespaces: graph.store(),
    nodes: graph.store(),
    pods: graph.store(),
    services: graph.store(),
    slices: graph.store(),
    policies: graph.store(),
    peers: graph.store(),
    requestAuthentications: graph.store(),
    telemetries: graph.store(),
    gateways: graph.store(),
    gatewayClasses: graph.store(),
    routes: graph.store(),
    referenceGrants: graph.store(),
    configMaps: graph.store(),
    deployments: graph.store(),
    serviceAccounts: graph.store(),
    rateLimits: graph.store(),
    faultInjections: graph.store(),
    filters: graph.store(),
    trafficPolicies: graph.store(),
  };
}

/** Without effect until the graph's next commit. */
export function applyEvent(stores: MeshStores, event: ObjectEvent): void {
  if (event.type === 'upsert') put(stores, event.object, event.faults);
  else storeOf(stores, event.kind).delete(storeKey(event.kind, event.key));
}

function put(stores: MeshStores, object: MeshObject, faults: readonly string[]): void {
  const key = storeKey(object.kind, objectKey(object.meta));
  switch (object.kind) {
    case 'Namespace':
      stores.namespaces.set(key, object);
      break;
    case 'Node':
      stores.nodes.set(key, object);
      break;
    case 'Pod':
      stores.pods.set(key, object);
      break;
    case 'Service':
      stores.services.set(key, object);
      break;
    case 'EndpointSlice':
      stores.slices.set(key, object);
      break;
    case 'AuthorizationPolicy':
      stores.policies.set(key, { object, faults });
      break;
    case 'PeerAuthentication':
      stores.peers.set(key, { object, faults });
      break;
    case 'RequestAuthentication':
      stores.requestAuthentications.set(key, { object, faults });
      break;
    case 'Telemetry':
      stores.telemetries.set(key, { object, faults });
      break;
    case 'ServiceAccount':
      stores.serviceAccounts.set(key, object);
      break;
    case 'Gateway':
      stores.gateways.set(key, object);
      break;
    case 'GatewayClass':
      stores.gatewayClasses.set(key, object);
      break;
    case 'HTTPRoute':
    case 'GRPCRoute':
    case 'TCPRoute':
    case 'TLSRoute':
      stores.routes.set(key, object);
      break;
    case 'ReferenceGrant':
      stores.referenceGrants.set(key, object);
      break;
    case 'ConfigMap':
      stores.configMaps.set(key, object);
      break;
    case 'Deployment':
      stores.deployments.set(key, object);
      break;
    case 'RateLimit':
      stores.rateLimits.set(key, { object, faults });
      break;
    case 'FaultInjection':
      stores.faultInjections.set(key, { object, faults });
      break;
    case 'Filter':
      stores.filters.set(key, { object, faults });
      break;
    case 'TrafficPolicy':
    case 'XBackendTrafficPolicy':
      stores.trafficPolicies.set(key, { object, faults });
      break;
  }
}

function storeOf(stores: MeshStores, kind: ObjectKind): Pick<Store<unknown>, 'delete'> {
  switch (kind) {
    case 'Namespace':
      return stores.namespaces;
    case 'Node':
      return stores.nodes;
    case 'Pod':
      return stores.pods;
    case 'Service':
      return stores.services;
    case 'EndpointSlice':
      return stores.slices;
    case 'AuthorizationPolicy':
      return stores.policies;
    case 'PeerAuthentication':
      return stores.peers;
    case 'RequestAuthentication':
      return stores.requestAuthentications;
    case 'Telemetry':
      return stores.telemetries;
    case 'ServiceAccount':
      return stores.serviceAccounts;
    case 'Gateway':
      return stores.gateways;
    case 'GatewayClass':
      return stores.gatewayClasses;
    case 'HTTPRoute':
    case 'GRPCRoute':
    case 'TCPRoute':
    case 'TLSRoute':
      return stores.routes;
    case 'ReferenceGrant':
      return stores.referenceGrants;
    case 'ConfigMap':
      return stores.configMaps;
    case 'Deployment':
      return stores.deployments;
    case 'RateLimit':
      return stores.rateLimits;
    case 'FaultInjection':
      return stores.faultInjections;
    case 'Filter':
      return stores.filters;
    case 'TrafficPolicy':
    case 'XBackendTrafficPolicy':
      return stores.trafficPolicies;
  }
}

/** Where kinds share a store, the kind is a part of the key: for routes that is the RouteKey. */
function storeKey(kind: ObjectKind, key: string): string {
  return SHARING_KINDS.has(kind) ? `${kind}/${key}` : key;
}

const SHARING_KINDS: ReadonlySet<ObjectKind> = new Set([
  'HTTPRoute',
  'GRPCRoute',
  'TCPRoute',
  'TLSRoute',
  'TrafficPolicy',
  'XBackendTrafficPolicy',
]);
