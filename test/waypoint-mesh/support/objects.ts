import { resolve } from 'node:path';

/** Kubernetes objects that the waypoint's tests are made of, as plain data. */
export type KubeObject = Readonly<Record<string, unknown>>;

/** A waypoint is called so in every namespace that has one. */
export const WAYPOINT = 'waypoint';

export function waypointGateway(namespace: string, flags = ''): KubeObject {
  return {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'Gateway',
    metadata: {
      name: WAYPOINT,
      namespace,
      annotations: { 'gateway.nodemesh.io/waypoint-flags': flags },
    },
    spec: {
      gatewayClassName: 'nodemesh-waypoint',
      listeners: [{ name: 'mesh', port: 15008, protocol: 'HBONE' }],
    },
  };
}

/** Every port of programs/server.ts, named and typed as users would. */
export const SERVER_PORTS: readonly KubeObject[] = [
  { name: 'http', port: 80, targetPort: 8080, appProtocol: 'http' },
  { name: 'h2c', port: 81, targetPort: 8081, appProtocol: 'kubernetes.io/h2c' },
  /** Told by nothing but its first bytes. */
  { name: 'unnamed', port: 82, targetPort: 8080 },
  { name: 'grpc', port: 7070, appProtocol: 'grpc' },
  { name: 'tcp-echo', port: 9000 },
  { name: 'tcp-first', port: 9001 },
  { name: 'half-close', port: 9002, appProtocol: 'tcp' },
  { name: 'reset', port: 9003, appProtocol: 'tcp' },
  { name: 'tls', port: 9443, appProtocol: 'tls' },
];

export function service(
  namespace: string,
  name: string,
  selector: Readonly<Record<string, string>>,
  ports: readonly KubeObject[] = SERVER_PORTS,
): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { namespace, name },
    spec: { selector, ipFamilyPolicy: 'PreferDualStack', ports },
  };
}

export interface DeploymentOptions {
  readonly namespace: string;
  readonly name: string;
  readonly replicas: number;
  /** A program of test/waypoint-mesh/programs. */
  readonly program: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly readyPort?: number;
}

export function deployment(options: DeploymentOptions): KubeObject {
  const {
    namespace,
    name,
    replicas,
    program,
    environment = {},
    annotations = {},
    readyPort = 8080,
  } = options;
  const labels = { app: name };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { namespace, name },
    spec: {
      replicas,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels, annotations },
        spec: {
          serviceAccountName: 'default',
          terminationGracePeriodSeconds: 5,
          containers: [
            {
              name: 'main',
              command: ['node', resolve('test/waypoint-mesh/programs', program)],
              env: [
                { name: 'POD_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
                ...Object.entries(environment).map(([key, value]) => ({ name: key, value })),
              ],
              readinessProbe: { tcpSocket: { port: readyPort }, periodSeconds: 1 },
            },
          ],
        },
      },
    },
  };
}

/** A pod that sleeps, to run clients in. */
export function clientPod(namespace: string, name: string, node: string): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace, name, labels: { app: name } },
    spec: {
      nodeName: node,
      serviceAccountName: 'client',
      terminationGracePeriodSeconds: 1,
      containers: [{ name: 'main', command: ['sleep', 'infinity'] }],
    },
  };
}

/** An HTTPRoute of a service with one rule. */
export function httpRoute(namespace: string, name: string, parent: string, rule: KubeObject): KubeObject {
  return {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'HTTPRoute',
    metadata: { namespace, name },
    spec: { parentRefs: [{ group: '', kind: 'Service', name: parent }], rules: [rule] },
  };
}
