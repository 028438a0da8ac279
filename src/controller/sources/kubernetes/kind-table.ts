import { type ResourceType, resourceType } from '../../kubernetes/index.ts';
import { apiVersionsOf, isGuard, type ObjectKind } from '../../objects/index.ts';

/** How a kind that the mesh reads is asked for. */
export interface ReadKind {
  readonly kind: ObjectKind;
  /** In the versions that we read, the one that we like best first. */
  readonly resources: readonly ResourceType[];
  /** It comes with a CustomResourceDefinition, and may not be there. */
  readonly custom: boolean;
  /** Without it proxies must not be told anything: they would carry what they should refuse, or let go of what they hold. */
  readonly essential: boolean;
  /** Nothing of it is read but its metadata, so nothing else is asked for. */
  readonly metadataOnly: boolean;
  readonly fieldSelector: string | undefined;
}

/** `authorizationpolicies.security.istio.io`: the name of a kind in RBAC and of its CustomResourceDefinition. */
export function resourceName(kind: ReadKind): string {
  const [first] = kind.resources;
  if (first === undefined) return '';
  return first.group === '' ? first.plural : `${first.plural}.${first.group}`;
}

/** One resource for each version, in the order in which they are preferred. */
export function readKind(kind: ObjectKind): ReadKind {
  const { plural, cluster = false, metadataOnly = false, fieldSelector } = TABLE[kind];
  const resources = (apiVersionsOf(kind) ?? []).map((version) => resourceType(version, plural, !cluster));
  return {
    kind,
    resources,
    custom: !resources.some(({ group }) => BUILT_IN_GROUPS.has(group)),
    essential: ESSENTIAL.has(kind) || isGuard(kind),
    metadataOnly,
    fieldSelector,
  };
}

interface Row {
  readonly plural: string;
  readonly cluster?: true;
  readonly metadataOnly?: true;
  readonly fieldSelector?: string;
}

/** One in every namespace, the same everywhere, and nobody's configuration. */
const COPIED_CONFIG_MAPS = ['kube-root-ca.crt', 'openshift-service-ca.crt', 'istio-ca-root-cert'];

const TABLE: Readonly<Record<ObjectKind, Row>> = {
  Namespace: { plural: 'namespaces', cluster: true, metadataOnly: true },
  Node: { plural: 'nodes', cluster: true, metadataOnly: true },
  ServiceAccount: { plural: 'serviceaccounts', metadataOnly: true },
  Pod: { plural: 'pods' },
  Service: { plural: 'services' },
  EndpointSlice: { plural: 'endpointslices' },
  ConfigMap: {
    plural: 'configmaps',
    fieldSelector: COPIED_CONFIG_MAPS.map((name) => `metadata.name!=${name}`).join(','),
  },
  Deployment: { plural: 'deployments' },
  GatewayClass: { plural: 'gatewayclasses', cluster: true },
  Gateway: { plural: 'gateways' },
  HTTPRoute: { plural: 'httproutes' },
  GRPCRoute: { plural: 'grpcroutes' },
  TCPRoute: { plural: 'tcproutes' },
  TLSRoute: { plural: 'tlsroutes' },
  ReferenceGrant: { plural: 'referencegrants' },
  AuthorizationPolicy: { plural: 'authorizationpolicies' },
  PeerAuthentication: { plural: 'peerauthentications' },
  RequestAuthentication: { plural: 'requestauthentications' },
  Telemetry: { plural: 'telemetries' },
  RateLimit: { plural: 'ratelimits' },
  FaultInjection: { plural: 'faultinjections' },
  Filter: { plural: 'filters' },
  TrafficPolicy: { plural: 'trafficpolicies' },
  XBackendTrafficPolicy: { plural: 'xbackendtrafficpolicies' },
};

export const READ_KINDS: readonly ObjectKind[] = Object.keys(TABLE) as ObjectKind[];

/** Beside the policies: what is enrolled, where it is, which waypoint it must pass, and MeshConfig. */
const ESSENTIAL = new Set<ObjectKind>([
  'Namespace',
  'Pod',
  'Service',
  'EndpointSlice',
  'ConfigMap',
  'GatewayClass',
  'Gateway',
]);
const BUILT_IN_GROUPS = new Set(['', 'apps', 'discovery.k8s.io']);
