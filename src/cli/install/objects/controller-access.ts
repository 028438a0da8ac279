import { clusterMeta, CONTROLLER, type Fields, type Manifest, meta, NAMESPACE, ZTUNNEL } from './manifest.ts';

/**
 * What the controller may do, and that the ztunnels may do nothing: they have no token for the API server. Each rule is
 * something the controller reads or writes; docs/security-of-pods.md says why the broad ones are.
 */
export function accessObjects(): readonly Manifest[] {
  return [
    {
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: meta(CONTROLLER, 'controller'),
    },
    {
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: meta(ZTUNNEL, 'ztunnel'),
      automountServiceAccountToken: false,
    },
    {
      apiVersion: RBAC,
      kind: 'ClusterRole',
      metadata: clusterMeta(CONTROLLER, 'controller'),
      rules: [...READ, ...WRITE],
    },
    {
      apiVersion: RBAC,
      kind: 'ClusterRoleBinding',
      metadata: clusterMeta(CONTROLLER, 'controller'),
      roleRef: { apiGroup: RBAC_GROUP, kind: 'ClusterRole', name: CONTROLLER },
      subjects: [SUBJECT],
    },
    {
      apiVersion: RBAC,
      kind: 'Role',
      metadata: meta(CONTROLLER, 'controller'),
      rules: OWN_NAMESPACE,
    },
    {
      apiVersion: RBAC,
      kind: 'RoleBinding',
      metadata: meta(CONTROLLER, 'controller'),
      roleRef: { apiGroup: RBAC_GROUP, kind: 'Role', name: CONTROLLER },
      subjects: [SUBJECT],
    },
    userRole('view', ['get', 'list', 'watch']),
    userRole('edit', ['create', 'delete', 'deletecollection', 'patch', 'update']),
  ];
}

/** For people who may view or edit a namespace: they may do the same with the mesh's own kinds in it. */
function userRole(name: 'view' | 'edit', verbs: readonly string[]): Manifest {
  const { labels, ...rest } = clusterMeta(`nodemesh-${name}`, 'access');
  const aggregations = name === 'view' ? ['view', 'edit', 'admin'] : ['edit', 'admin'];
  return {
    apiVersion: RBAC,
    kind: 'ClusterRole',
    metadata: {
      ...rest,
      labels: {
        ...(labels as Fields),
        ...Object.fromEntries(
          aggregations.map((role) => [`rbac.authorization.k8s.io/aggregate-to-${role}`, 'true']),
        ),
      },
    },
    rules: [rule('nodemesh.io', MESH_KINDS, verbs)],
  };
}

function rule(
  group: string,
  resources: readonly string[],
  verbs: readonly string[],
  names?: readonly string[],
) {
  return {
    apiGroups: [group],
    resources,
    ...(names === undefined ? {} : { resourceNames: names }),
    verbs,
  };
}

function statusOf(kinds: readonly string[]): readonly string[] {
  return kinds.map((kind) => `${kind}/status`);
}

const RBAC_GROUP = 'rbac.authorization.k8s.io';
const RBAC = `${RBAC_GROUP}/v1`;
const SUBJECT = { kind: 'ServiceAccount', name: CONTROLLER, namespace: NAMESPACE };
const WATCH = ['list', 'watch'];
/** For an object is read before its status, or an Event of it, is written. */
const READ_AND_WATCH = ['get', ...WATCH];
const MESH_KINDS = ['faultinjections', 'filters', 'ratelimits', 'trafficpolicies'];
const SECURITY_KINDS = ['authorizationpolicies', 'peerauthentications', 'requestauthentications'];
const ROUTES = ['grpcroutes', 'httproutes', 'tcproutes', 'tlsroutes'];

const READ = [
  // Their names: a kind that is gone is told from one that an API server has not loaded yet.
  rule('apiextensions.k8s.io', ['customresourcedefinitions'], WATCH),
  rule('', ['namespaces', 'nodes'], WATCH),
  rule('', ['configmaps', 'pods', 'serviceaccounts', 'services'], READ_AND_WATCH),
  rule('apps', ['deployments'], READ_AND_WATCH),
  rule('discovery.k8s.io', ['endpointslices'], READ_AND_WATCH),
  rule(
    'gateway.networking.k8s.io',
    ['gatewayclasses', 'gateways', 'referencegrants', ...ROUTES],
    READ_AND_WATCH,
  ),
  rule('gateway.networking.x-k8s.io', ['xbackendtrafficpolicies'], READ_AND_WATCH),
  rule('nodemesh.io', MESH_KINDS, READ_AND_WATCH),
  rule('security.istio.io', SECURITY_KINDS, READ_AND_WATCH),
  rule('telemetry.istio.io', ['telemetries'], READ_AND_WATCH),
];

const WRITE = [
  // Whether a pod is captured (an annotation, which the status subresource takes too), and what is bound to a waypoint.
  rule('', ['pods/status', 'services/status'], ['patch']),
  rule('', ['events'], ['create', 'get', 'patch']),
  rule('gateway.networking.k8s.io', statusOf(['gatewayclasses', 'gateways', ...ROUTES]), ['patch']),
  rule('gateway.networking.x-k8s.io', ['xbackendtrafficpolicies/status'], ['patch']),
  rule('nodemesh.io', statusOf(MESH_KINDS), ['patch']),
  rule('security.istio.io', statusOf(SECURITY_KINDS), ['patch']),
  rule('telemetry.istio.io', ['telemetries/status'], ['patch']),
  // What waypoints are made of, in any namespace that has a Gateway of ours.
  rule('', ['configmaps', 'serviceaccounts', 'services'], ['create', 'delete', 'patch']),
  rule('apps', ['deployments'], ['create', 'delete', 'patch']),
  rule('autoscaling', ['horizontalpodautoscalers'], ['create', 'delete', 'get', 'patch']),
  rule('policy', ['poddisruptionbudgets'], ['create', 'delete', 'get', 'patch']),
  // Whether a caller's token is good.
  rule('authentication.k8s.io', ['tokenreviews'], ['create']),
  // The bundle by which the API server trusts the webhook.
  rule('admissionregistration.k8s.io', ['validatingwebhookconfigurations'], ['get', 'patch'], ['nodemesh']),
];

const OWN_NAMESPACE = [
  // Whoever is to create something cannot be held to a name.
  rule('', ['secrets'], ['create']),
  // Somebody else's to replace.
  rule('', ['secrets'], ['get'], ['nodemesh-ca']),
  rule('', ['secrets'], ['get', 'patch'], ['nodemesh-authority']),
  rule('', ['secrets'], ['get', 'update'], ['nodemesh-webhook']),
  rule('coordination.k8s.io', ['leases'], ['create']),
  rule('coordination.k8s.io', ['leases'], ['get', 'update'], [CONTROLLER]),
];
