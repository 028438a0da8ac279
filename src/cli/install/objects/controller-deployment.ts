import {
  CONTROLLER,
  CONTROLLER_HOST,
  type Fields,
  labelsOf,
  type Manifest,
  meta,
  selectorOf,
} from './manifest.ts';
import type { Shape } from './shape.ts';

/** The controller: any replica serves proxies, one of them writes. */
export function controllerObjects(shape: Shape): readonly Manifest[] {
  return [
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: meta(CONTROLLER, 'controller'),
      spec: {
        selector: SELECTOR,
        ports: [
          { name: 'tcp-grpc', port: 15012, targetPort: 'grpc', protocol: 'TCP', appProtocol: 'tcp' },
          { name: 'webhook', port: 15017, targetPort: 'webhook', protocol: 'TCP', appProtocol: 'https' },
          { name: 'metrics', port: 15014, targetPort: 'metrics', protocol: 'TCP', appProtocol: 'http' },
        ],
      },
    },
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: meta(CONTROLLER, 'controller'),
      spec: {
        replicas: shape.number('controllerReplicas'),
        selector: { matchLabels: SELECTOR },
        // Proxies move to the new one before an old one goes.
        strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
        template: {
          metadata: {
            labels: { ...labelsOf('controller'), ...OUTSIDE_OF_THE_MESH },
            annotations: scraped(15014),
          },
          spec: controllerPod(shape),
        },
      },
    },
    {
      apiVersion: 'policy/v1',
      kind: 'PodDisruptionBudget',
      metadata: meta(CONTROLLER, 'controller'),
      spec: { maxUnavailable: 1, selector: { matchLabels: SELECTOR } },
    },
  ];
}

function controllerPod(shape: Shape): Fields {
  return {
    serviceAccountName: CONTROLLER,
    priorityClassName: 'system-cluster-critical',
    // Longer than the controller takes to hand its proxies over, its delay included.
    terminationGracePeriodSeconds: 30,
    nodeSelector: { 'kubernetes.io/os': 'linux' },
    topologySpreadConstraints: [spread('kubernetes.io/hostname'), spread('topology.kubernetes.io/zone')],
    securityContext: {
      runAsNonRoot: true,
      // OpenShift gives each namespace users of its own, and refuses others.
      ...shape.whenFields('fixedUser', { runAsUser: 65_532, runAsGroup: 65_532, fsGroup: 65_532 }),
      seccompProfile: { type: 'RuntimeDefault' },
    },
    containers: [
      {
        name: 'controller',
        image: shape.text('image'),
        imagePullPolicy: shape.text('imagePullPolicy'),
        args: controllerArguments(shape),
        terminationMessagePolicy: 'FallbackToLogsOnError',
        env: [
          { name: 'POD_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
          { name: 'POD_NAMESPACE', valueFrom: { fieldRef: { fieldPath: 'metadata.namespace' } } },
          { name: 'NODE_OPTIONS', value: '--max-old-space-size=4096' },
        ],
        ports: [
          { name: 'grpc', containerPort: 15012, protocol: 'TCP' },
          { name: 'webhook', containerPort: 15017, protocol: 'TCP' },
          { name: 'metrics', containerPort: 15014, protocol: 'TCP' },
        ],
        // One that waits for the API server is not started again: it would wait as long, and longer each time.
        readinessProbe: { ...READY, periodSeconds: 2, failureThreshold: 5 },
        resources: shape.whole('controllerResources'),
        securityContext: {
          allowPrivilegeEscalation: false,
          capabilities: { drop: ['ALL'] },
          privileged: false,
          readOnlyRootFilesystem: true,
        },
        volumeMounts: [{ name: 'tmp', mountPath: '/tmp' }],
      },
    ],
    volumes: [{ name: 'tmp', emptyDir: { medium: 'Memory', sizeLimit: '64Mi' } }],
  };
}

function controllerArguments(shape: Shape): readonly string[] {
  return [
    'controller',
    '--kubernetes',
    '--listen=[::]:15012',
    '--admin=[::]:15014',
    '--webhook-listen=[::]:15017',
    ...shape.when('failClosed', ['--webhook-fail-closed']),
    `--server-name=${CONTROLLER_HOST}`,
    `--trust-domain=${shape.text('trustDomain')}`,
    `--cluster-domain=${shape.text('clusterDomain')}`,
    `--cluster-id=${shape.text('clusterId')}`,
    ...shape.when('network', [`--network=${shape.text('network')}`]),
    `--root-namespace=${shape.text('rootNamespace')}`,
    ...shape.when('sideBySide', ['--side-by-side']),
    ...shape.when('sharedRoots', ['--shared-roots']),
    `--svid-ttl=${shape.text('svidTtl')}`,
    `--waypoint-parameters=${shape.text('waypointParameters')}`,
    // Until every node has heard that its endpoint is gone, some still come.
    '--shutdown-delay=5s',
    `--waypoint-image=${shape.text('image')}`,
    `--log-level=${shape.text('logLevel')}`,
    `--log-format=${shape.text('logFormat')}`,
  ];
}

function spread(topologyKey: string): Fields {
  return {
    maxSkew: 1,
    topologyKey,
    // A cluster of one node has two replicas all the same.
    whenUnsatisfiable: 'ScheduleAnyway',
    labelSelector: { matchLabels: SELECTOR },
  };
}

/** Annotations by which a Prometheus that looks for them scrapes a pod. */
export function scraped(port: number): Fields {
  return {
    'prometheus.io/scrape': 'true',
    'prometheus.io/port': String(port),
    'prometheus.io/path': '/metrics',
  };
}

/** The mesh does not carry itself. */
export const OUTSIDE_OF_THE_MESH: Fields = {
  'istio.io/dataplane-mode': 'none',
  'nodemesh.io/dataplane-mode': 'none',
  'sidecar.istio.io/inject': 'false',
};

const SELECTOR = selectorOf('controller');
const READY = { httpGet: { path: '/healthz/ready', port: 'metrics', scheme: 'HTTP' }, timeoutSeconds: 2 };
