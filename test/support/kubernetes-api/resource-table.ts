/** A kind that the API server serves. */
export interface ApiResource {
  readonly group: string;
  /** The preferred one first; objects look the same in all of them. */
  readonly versions: readonly string[];
  readonly plural: string;
  readonly kind: string;
  readonly namespaced: boolean;
  /** It has a subresource `status`. */
  readonly status: boolean;
}

/** `pods`, `gateways.gateway.networking.k8s.io`. */
export function resourceKey(resource: { readonly group: string; readonly plural: string }): string {
  return resource.group === '' ? resource.plural : `${resource.plural}.${resource.group}`;
}

/** `define('apps/v1', 'Deployment')`; several versions have commas between. */
export function define(
  groupVersions: string,
  kind: string,
  how: { readonly plural?: string; readonly cluster?: true; readonly noStatus?: true } = {},
): ApiResource {
  const slash = groupVersions.indexOf('/');
  return {
    group: slash === -1 ? '' : groupVersions.slice(0, slash),
    versions: groupVersions.slice(slash + 1).split(','),
    plural:
      how.plural ??
      `${kind
        .toLowerCase()
        .replace(/(?<![aeiou])y$/, 'ie')
        .replace(/s$/, 'se')}s`,
    kind,
    namespaced: how.cluster !== true,
    status: how.noStatus !== true,
  };
}

const GATEWAY = 'gateway.networking.k8s.io';
const SECURITY = 'security.istio.io';
const NODEMESH = 'nodemesh.io/v1alpha1';

/** What a cluster with the CRDs of Gateway API, Istio and nodemesh serves, as far as a mesh is concerned. */
export const DEFAULT_RESOURCES: readonly ApiResource[] = [
  define('v1', 'Namespace', { cluster: true }),
  define('v1', 'Node', { cluster: true }),
  define('v1', 'Pod'),
  define('v1', 'Service'),
  define('v1', 'ServiceAccount', { noStatus: true }),
  define('v1', 'ConfigMap', { noStatus: true }),
  define('v1', 'Secret', { noStatus: true }),
  define('v1', 'Event', { noStatus: true }),
  define('apps/v1', 'Deployment'),
  define('apps/v1', 'DaemonSet'),
  define('discovery.k8s.io/v1', 'EndpointSlice', { noStatus: true }),
  define('coordination.k8s.io/v1', 'Lease', { noStatus: true }),
  define('events.k8s.io/v1', 'Event', { noStatus: true }),
  define('policy/v1', 'PodDisruptionBudget'),
  define('authentication.k8s.io/v1', 'TokenReview', { cluster: true, noStatus: true }),
  define('authorization.k8s.io/v1', 'SelfSubjectAccessReview', { cluster: true, noStatus: true }),
  define('admissionregistration.k8s.io/v1', 'ValidatingWebhookConfiguration', {
    cluster: true,
    noStatus: true,
  }),
  define('apiextensions.k8s.io/v1', 'CustomResourceDefinition', { cluster: true }),
  define(`${GATEWAY}/v1,v1beta1`, 'GatewayClass', { cluster: true }),
  define(`${GATEWAY}/v1,v1beta1`, 'Gateway'),
  define(`${GATEWAY}/v1,v1beta1`, 'HTTPRoute'),
  define(`${GATEWAY}/v1`, 'GRPCRoute'),
  define(`${GATEWAY}/v1alpha2`, 'TCPRoute'),
  define(`${GATEWAY}/v1alpha3,v1alpha2`, 'TLSRoute'),
  define(`${GATEWAY}/v1beta1`, 'ReferenceGrant', { noStatus: true }),
  define('gateway.networking.x-k8s.io/v1alpha1', 'XBackendTrafficPolicy'),
  define(`${SECURITY}/v1,v1beta1`, 'AuthorizationPolicy'),
  define(`${SECURITY}/v1,v1beta1`, 'PeerAuthentication'),
  define(`${SECURITY}/v1,v1beta1`, 'RequestAuthentication'),
  define('telemetry.istio.io/v1,v1alpha1', 'Telemetry', { plural: 'telemetries' }),
  define(NODEMESH, 'RateLimit'),
  define(NODEMESH, 'FaultInjection'),
  define(NODEMESH, 'Filter'),
  define(NODEMESH, 'TrafficPolicy'),
];
