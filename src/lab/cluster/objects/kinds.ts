import type { KubeObject } from './metadata.ts';
import type { EventObject, NamespaceObject, NodeObject, ServiceAccountObject } from './node.ts';
import type { PodObject } from './pod.ts';
import type { EndpointSliceObject, ServiceObject } from './service.ts';
import type { DeploymentObject, JobObject, ReplicaSetObject, StatefulSetObject } from './workloads.ts';

/** The kinds the lab acts on. Objects of other kinds are kept as they are, for the mesh's controller. */
export interface KindMap {
  readonly Namespace: NamespaceObject;
  readonly ServiceAccount: ServiceAccountObject;
  readonly Node: NodeObject;
  readonly Pod: PodObject;
  readonly ReplicaSet: ReplicaSetObject;
  readonly Deployment: DeploymentObject;
  readonly StatefulSet: StatefulSetObject;
  readonly Job: JobObject;
  readonly Service: ServiceObject;
  readonly EndpointSlice: EndpointSliceObject;
  readonly Event: EventObject;
}

/** A kind that the lab acts on. */
export type KnownKind = keyof KindMap;

/** Whose objects have no namespace. Kinds that the lab does not know are taken as namespaced unless named here. */
const CLUSTER_SCOPED: ReadonlySet<string> = new Set([
  'Namespace',
  'Node',
  'GatewayClass',
  'ClusterRole',
  'ClusterRoleBinding',
  'CustomResourceDefinition',
]);

/** True for kinds that nobody knows. */
export function isNamespaced(kind: string): boolean {
  return !CLUSTER_SCOPED.has(kind);
}

/** By its word alone: the store has checked its shape. */
export function isKind<K extends KnownKind>(object: KubeObject, kind: K): object is KindMap[K] {
  return object.kind === kind;
}

interface KindNames {
  readonly kind: string;
  readonly plural: string;
  readonly short: readonly string[];
}

const KIND_NAMES: readonly KindNames[] = [
  { kind: 'Namespace', plural: 'namespaces', short: ['ns'] },
  { kind: 'ServiceAccount', plural: 'serviceaccounts', short: ['sa'] },
  { kind: 'Node', plural: 'nodes', short: ['no'] },
  { kind: 'Pod', plural: 'pods', short: ['po'] },
  { kind: 'ReplicaSet', plural: 'replicasets', short: ['rs'] },
  { kind: 'Deployment', plural: 'deployments', short: ['deploy'] },
  { kind: 'StatefulSet', plural: 'statefulsets', short: ['sts'] },
  { kind: 'Job', plural: 'jobs', short: [] },
  { kind: 'Service', plural: 'services', short: ['svc'] },
  { kind: 'EndpointSlice', plural: 'endpointslices', short: ['eps'] },
  { kind: 'Event', plural: 'events', short: ['ev'] },
  { kind: 'ConfigMap', plural: 'configmaps', short: ['cm'] },
  { kind: 'Secret', plural: 'secrets', short: [] },
  { kind: 'AuthorizationPolicy', plural: 'authorizationpolicies', short: ['ap', 'authz'] },
  { kind: 'PeerAuthentication', plural: 'peerauthentications', short: ['pa'] },
  { kind: 'RequestAuthentication', plural: 'requestauthentications', short: ['ra'] },
  { kind: 'Telemetry', plural: 'telemetries', short: [] },
  { kind: 'GatewayClass', plural: 'gatewayclasses', short: ['gc'] },
  { kind: 'Gateway', plural: 'gateways', short: ['gtw'] },
  { kind: 'HTTPRoute', plural: 'httproutes', short: [] },
  { kind: 'GRPCRoute', plural: 'grpcroutes', short: [] },
  { kind: 'TCPRoute', plural: 'tcproutes', short: [] },
  { kind: 'TLSRoute', plural: 'tlsroutes', short: [] },
  { kind: 'ReferenceGrant', plural: 'referencegrants', short: ['refgrant'] },
  { kind: 'RateLimit', plural: 'ratelimits', short: ['rl'] },
  { kind: 'FaultInjection', plural: 'faultinjections', short: ['fi'] },
  { kind: 'Filter', plural: 'filters', short: ['flt'] },
  { kind: 'TrafficPolicy', plural: 'trafficpolicies', short: ['tp'] },
  { kind: 'XBackendTrafficPolicy', plural: 'xbackendtrafficpolicies', short: ['xbtrafficpolicy'] },
  { kind: 'ServiceEntry', plural: 'serviceentries', short: ['se'] },
  { kind: 'WorkloadEntry', plural: 'workloadentries', short: ['we'] },
];

/** `po`, `pods`, `Pod` → `Pod`. A name that is no known kind is looked for among `present` kinds. */
export function kindFromName(name: string, present: Iterable<string> = []): string | undefined {
  const wanted = name.toLowerCase();
  const known = KIND_NAMES.find(
    ({ kind, plural, short }) => kind.toLowerCase() === wanted || plural === wanted || short.includes(wanted),
  );
  if (known !== undefined) return known.kind;
  for (const kind of present) {
    const lower = kind.toLowerCase();
    if (lower === wanted || `${lower}s` === wanted || `${lower.replace(/y$/, 'ie')}s` === wanted) return kind;
  }
  return undefined;
}

/** Every name that `kindFromName` takes, for hints. */
export function kindNames(): readonly string[] {
  return KIND_NAMES.flatMap(({ kind, plural, short }) => [kind.toLowerCase(), plural, ...short]);
}
