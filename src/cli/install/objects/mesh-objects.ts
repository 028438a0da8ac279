import {
  clusterMeta,
  CONTROLLER,
  type Fields,
  labelsOf,
  type Manifest,
  meta,
  NAMESPACE,
  selectorOf,
  ZTUNNEL,
} from './manifest.ts';
import type { Shape } from './shape.ts';
import { ZTUNNEL_CAPABILITIES } from './ztunnel-daemonset.ts';

/** The ztunnel works in the node's namespaces, which none but the privileged standard admits. */
export function namespaceObject(): Manifest {
  return {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: {
      name: NAMESPACE,
      labels: {
        ...labelsOf('namespace'),
        'istio.io/dataplane-mode': 'none',
        'pod-security.kubernetes.io/enforce': 'privileged',
        'pod-security.kubernetes.io/audit': 'privileged',
        'pod-security.kubernetes.io/warn': 'privileged',
      },
    },
  };
}

/** What may reach our pods, and whom the ztunnel's own namespace may reach; pods' traffic is theirs and not in this. */
export function networkPolicies(): readonly Manifest[] {
  return [
    policy('default-deny', 'network', { podSelector: {}, policyTypes: ['Ingress'] }),
    policy(CONTROLLER, 'controller', {
      podSelector: { matchLabels: selectorOf('controller') },
      policyTypes: ['Ingress'],
      // Proxies of any namespace call 15012, the API server 15017, whoever scrapes 15014.
      ingress: [{ ports: [tcp(15012), tcp(15017), tcp(15014)] }],
    }),
    policy(ZTUNNEL, 'ztunnel', {
      podSelector: { matchLabels: selectorOf('ztunnel') },
      policyTypes: ['Ingress', 'Egress'],
      ingress: [{ ports: [tcp(15020), tcp(15021)] }],
      egress: [
        // The controller, and collectors of traces and logs. Nothing outside of the cluster, the API server included.
        { to: [{ namespaceSelector: {} }] },
        { ports: [tcp(53), { port: 53, protocol: 'UDP' }] },
      ],
    }),
  ];
}

/** What the controller refuses of users' objects; without an answer they are taken. */
export function admissionObjects(shape: Shape): readonly Manifest[] {
  return [
    {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'ValidatingWebhookConfiguration',
      metadata: clusterMeta('nodemesh', 'webhook'),
      webhooks: [
        {
          name: 'validation.nodemesh.io',
          admissionReviewVersions: ['v1'],
          clientConfig: {
            service: { name: CONTROLLER, namespace: NAMESPACE, path: '/validate', port: 15017 },
          },
          failurePolicy: shape.text('webhookFailurePolicy'),
          matchPolicy: 'Equivalent',
          namespaceSelector: {
            matchExpressions: [
              { key: 'kubernetes.io/metadata.name', operator: 'NotIn', values: ['kube-system', NAMESPACE] },
            ],
          },
          // What another mesh reads too may be right for that one, and nobody but it can tell.
          rules: [...shape.when('alone', SHARED_KINDS.map(validated)), validated(OWN_KINDS)],
          sideEffects: 'None',
          // More than a review may take (--webhook-timeout).
          timeoutSeconds: 10,
        },
      ],
    },
  ];
}

/** By which a Gateway asks for a waypoint of ours. */
export function gatewayClass(): Manifest {
  return {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'GatewayClass',
    metadata: clusterMeta('nodemesh-waypoint', 'waypoint'),
    spec: { controllerName: 'nodemesh.io/waypoint-controller' },
  };
}

/** GKE admits critical pods outside of kube-system only where a quota says how many. */
export function gkeQuota(): Manifest {
  return {
    apiVersion: 'v1',
    kind: 'ResourceQuota',
    metadata: meta('nodemesh-critical-pods', 'platform'),
    spec: {
      hard: { pods: '5000' },
      scopeSelector: {
        matchExpressions: [
          {
            scopeName: 'PriorityClass',
            operator: 'In',
            values: ['system-cluster-critical', 'system-node-critical'],
          },
        ],
      },
    },
  };
}

/** What OpenShift is to let the ztunnel do: what its pod asks for, and no more. */
export function openshiftConstraints(): Manifest {
  return {
    apiVersion: 'security.openshift.io/v1',
    kind: 'SecurityContextConstraints',
    metadata: clusterMeta('nodemesh-ztunnel', 'platform'),
    allowHostDirVolumePlugin: true,
    allowHostIPC: false,
    allowHostNetwork: false,
    allowHostPID: false,
    allowHostPorts: false,
    allowPrivilegeEscalation: false,
    allowPrivilegedContainer: false,
    allowedCapabilities: ZTUNNEL_CAPABILITIES,
    defaultAddCapabilities: null,
    requiredDropCapabilities: null,
    readOnlyRootFilesystem: true,
    runAsUser: { type: 'RunAsAny' },
    seLinuxContext: { type: 'RunAsAny' },
    fsGroup: { type: 'RunAsAny' },
    supplementalGroups: { type: 'RunAsAny' },
    seccompProfiles: ['runtime/default'],
    users: [`system:serviceaccount:${NAMESPACE}:${ZTUNNEL}`],
    groups: [],
    volumes: ['configMap', 'emptyDir', 'hostPath', 'projected'],
  };
}

function policy(name: string, component: string, spec: Fields): Manifest {
  return { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: meta(name, component), spec };
}

function tcp(port: number): Fields {
  return { port, protocol: 'TCP' };
}

type Kinds = readonly [group: string, resources: readonly string[]];

function validated([group, resources]: Kinds): Fields {
  return {
    apiGroups: [group],
    apiVersions: ['*'],
    operations: ['CREATE', 'UPDATE'],
    resources,
    scope: 'Namespaced',
  };
}

/** Kinds that `nodemesh analyze` finds errors in: those that other meshes read, and our own. */
const SHARED_KINDS: readonly Kinds[] = [
  ['security.istio.io', ['authorizationpolicies', 'peerauthentications', 'requestauthentications']],
  ['telemetry.istio.io', ['telemetries']],
  ['gateway.networking.k8s.io', ['gateways', 'grpcroutes', 'httproutes', 'tcproutes', 'tlsroutes']],
  ['gateway.networking.x-k8s.io', ['xbackendtrafficpolicies']],
];
const OWN_KINDS: Kinds = ['nodemesh.io', ['faultinjections', 'filters', 'ratelimits', 'trafficpolicies']];
