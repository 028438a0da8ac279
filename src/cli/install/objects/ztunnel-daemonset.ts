import { OUTSIDE_OF_THE_MESH, scraped } from './controller-deployment.ts';
import {
  CONTROLLER_HOST,
  type Fields,
  labelsOf,
  type Manifest,
  meta,
  selectorOf,
  ZTUNNEL,
} from './manifest.ts';
import type { Shape } from './shape.ts';

/** One ztunnel per node, also on nodes that take nothing else. */
export function ztunnelObjects(shape: Shape): readonly Manifest[] {
  return [
    {
      apiVersion: 'apps/v1',
      kind: 'DaemonSet',
      metadata: meta(ZTUNNEL, 'ztunnel'),
      spec: {
        selector: { matchLabels: selectorOf('ztunnel') },
        // The next generation takes over the listeners before the old one begins to drain.
        updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
        template: {
          metadata: {
            labels: { ...labelsOf('ztunnel'), ...OUTSIDE_OF_THE_MESH },
            annotations: scraped(15020),
          },
          spec: ztunnelPod(shape),
        },
      },
    },
  ];
}

function ztunnelPod(shape: Shape): Fields {
  return {
    serviceAccountName: ZTUNNEL,
    // It has no business with the API server: what it knows comes from the controller.
    automountServiceAccountToken: false,
    priorityClassName: 'system-node-critical',
    terminationGracePeriodSeconds: shape.number('drainGraceSeconds'),
    nodeSelector: { 'kubernetes.io/os': 'linux' },
    tolerations: [
      { effect: 'NoSchedule', operator: 'Exists' },
      { effect: 'NoExecute', operator: 'Exists' },
      { key: 'CriticalAddonsOnly', operator: 'Exists' },
    ],
    securityContext: {
      seccompProfile: { type: 'RuntimeDefault' },
      // The profiles of container runtimes forbid to look at processes outside of the container, and so at their network.
      appArmorProfile: { type: 'Unconfined' },
      ...shape.whenFields('openshift', { seLinuxOptions: { type: 'spc_t' } }),
    },
    containers: [ztunnelContainer(shape), ...shape.when('cni', [pluginContainer(shape)])],
    volumes: [
      hostPath('host-proc', '/proc', 'Directory'),
      hostPath('node', NODE_FOLDER, 'DirectoryOrCreate'),
      hostPath('xtables-lock', XTABLES_LOCK, 'FileOrCreate'),
      ...shape.when('cni', [
        hostPath('cni-bin', shape.text('cniBinFolder'), 'DirectoryOrCreate'),
        hostPath('cni-config', shape.text('cniConfigFolder'), 'DirectoryOrCreate'),
      ]),
      {
        name: 'token',
        projected: {
          sources: [
            { serviceAccountToken: { audience: 'istio-ca', expirationSeconds: 43_200, path: 'istio-token' } },
          ],
        },
      },
      // The controller writes it: until then the pod waits.
      { name: 'roots', configMap: { name: 'nodemesh-root-cert' } },
      { name: 'tmp', emptyDir: { medium: 'Memory', sizeLimit: '64Mi' } },
    ],
  };
}

function ztunnelContainer(shape: Shape): Fields {
  return {
    name: 'ztunnel',
    image: shape.text('image'),
    imagePullPolicy: shape.text('imagePullPolicy'),
    args: ztunnelArguments(shape),
    terminationMessagePolicy: 'FallbackToLogsOnError',
    env: [
      { name: 'NODE_NAME', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } },
      { name: 'POD_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
      { name: 'NODE_OPTIONS', value: '--max-semi-space-size=16 --max-old-space-size=2048' },
    ],
    ports: [
      { name: 'metrics', containerPort: 15020, protocol: 'TCP' },
      { name: 'readiness', containerPort: 15021, protocol: 'TCP' },
    ],
    // Nothing is won by starting one again that waits for its controller, and much is lost with one that carries traffic.
    readinessProbe: { ...READY, periodSeconds: 2, failureThreshold: 5 },
    resources: shape.whole('ztunnelResources'),
    securityContext: {
      allowPrivilegeEscalation: false,
      capabilities: { drop: ['ALL'], add: ZTUNNEL_CAPABILITIES },
      privileged: false,
      readOnlyRootFilesystem: true,
      runAsNonRoot: false,
      runAsUser: 0,
      runAsGroup: 1337,
    },
    volumeMounts: [
      // Written to for the sysctls of pods' namespaces: /proc/sys of a container is read-only.
      { name: 'host-proc', mountPath: '/host/proc' },
      { name: 'node', mountPath: NODE_FOLDER },
      { name: 'xtables-lock', mountPath: XTABLES_LOCK },
      { name: 'token', mountPath: '/var/run/secrets/tokens', readOnly: true },
      { name: 'roots', mountPath: '/var/run/secrets/istio', readOnly: true },
      { name: 'tmp', mountPath: '/tmp' },
    ],
  };
}

/** Keeps the CNI plugin in the node's chain. It needs no capability, and the ztunnel none of these folders. */
function pluginContainer(shape: Shape): Fields {
  return {
    name: 'cni',
    image: shape.text('image'),
    imagePullPolicy: shape.text('imagePullPolicy'),
    args: ['cni', 'install', ...CNI_FOLDERS, '--watch'],
    terminationMessagePolicy: 'FallbackToLogsOnError',
    resources: { requests: { cpu: '5m', memory: '64Mi' } },
    securityContext: {
      allowPrivilegeEscalation: false,
      capabilities: { drop: ['ALL'] },
      privileged: false,
      readOnlyRootFilesystem: true,
      runAsNonRoot: false,
      runAsUser: 0,
    },
    volumeMounts: [
      { name: 'cni-bin', mountPath: '/host/opt/cni/bin' },
      { name: 'cni-config', mountPath: '/host/etc/cni/net.d' },
      { name: 'tmp', mountPath: '/tmp' },
    ],
  };
}

function ztunnelArguments(shape: Shape): readonly string[] {
  return [
    'ztunnel',
    '--node=$(NODE_NAME)',
    `--controller=${CONTROLLER_HOST}:15012`,
    '--root-cert-file=/var/run/secrets/istio/root-cert.pem',
    '--token-file=/var/run/secrets/tokens/istio-token',
    '--host-proc=/host/proc',
    '--host-network-namespace=/host/proc/1/ns/net',
    ...shape.when('cni', [`--cni-socket=${NODE_FOLDER}/cni.sock`]),
    ...shape.when('sideBySide', ['--side-by-side']),
    `--state-file=${NODE_FOLDER}/ztunnel-state`,
    `--trust-domain=${shape.text('trustDomain')}`,
    `--cluster-id=${shape.text('clusterId')}`,
    ...shape.when('network', [`--network=${shape.text('network')}`]),
    '--metrics=[::]:15020',
    '--readiness=[::]:15021',
    `--svid-ttl=${shape.text('svidTtl')}`,
    `--drain-timeout=${shape.text('drainTimeout')}`,
    `--log-level=${shape.text('logLevel')}`,
    `--log-format=${shape.text('logFormat')}`,
  ];
}

/** A folder or file of the node's own. */
function hostPath(name: string, path: string, type: string): Fields {
  return { name, hostPath: { path, type } };
}

/** Where a container finds the node's folders for CNI. */
export const CNI_FOLDERS: readonly string[] = [
  '--bin-dir=/host/opt/cni/bin',
  '--conf-dir=/host/etc/cni/net.d',
];
/** What a ztunnel cannot do without: docs/security-of-pods.md says for what. */
export const ZTUNNEL_CAPABILITIES: readonly string[] = ['NET_ADMIN', 'NET_RAW', 'SYS_ADMIN', 'SYS_PTRACE'];
/** On a tmpfs of the node, as /run is everywhere. */
export const NODE_FOLDER = '/var/run/nodemesh';
const XTABLES_LOCK = '/run/xtables.lock';
const READY = { httpGet: { path: '/healthz/ready', port: 'readiness', scheme: 'HTTP' }, timeoutSeconds: 2 };
