import { resolve } from 'node:path';

/** Kubernetes objects that the mesh tests are made of, as plain data. */
type KubeObject = Readonly<Record<string, unknown>>;

export const ENROLLED = { 'istio.io/dataplane-mode': 'ambient' } as const;

export function namespace(name: string, labels: Readonly<Record<string, string>> = {}): KubeObject {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } };
}

export function serviceAccount(namespaceName: string, name: string): KubeObject {
  return { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { namespace: namespaceName, name } };
}

export interface PodOptions {
  readonly namespace: string;
  readonly name: string;
  readonly node: string;
  readonly serviceAccount?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  /** A program of test/mesh/programs; default: sleeps, so that commands can be run in it. */
  readonly program?: string;
  /** Instead of a program. */
  readonly command?: readonly string[];
}

export function pod(options: PodOptions): KubeObject {
  const { program } = options;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      namespace: options.namespace,
      name: options.name,
      labels: { app: options.name, ...options.labels },
      annotations: options.annotations ?? {},
    },
    spec: {
      nodeName: options.node,
      serviceAccountName: options.serviceAccount ?? 'default',
      terminationGracePeriodSeconds: 2,
      containers: [
        {
          name: 'main',
          command:
            program === undefined
              ? (options.command ?? ['sleep', 'infinity'])
              : ['node', resolve('test/mesh/programs', program)],
          ...(program === 'server.ts' && {
            readinessProbe: { tcpSocket: { port: 7000 }, periodSeconds: 1 },
          }),
        },
      ],
    },
  };
}

/** The HTTP server of the tests of waypoints: shop/web on node-2, as shop/sa/server. */
export function webServer(): KubeObject {
  return pod({
    namespace: 'shop',
    name: 'web',
    node: 'node-2',
    serviceAccount: 'server',
    program: 'guarded-web.ts',
  });
}

/** The pods with the label `app: <app>`, under a name and ports. Default of `app`: the name. */
export function serviceOf(
  namespaceName: string,
  name: string,
  ports: readonly object[],
  {
    app = name,
    labels = {},
    ...spec
  }: { readonly app?: string; readonly labels?: object; readonly clusterIP?: string } = {},
): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { namespace: namespaceName, name, labels },
    spec: { selector: { app }, ports, ...spec },
  };
}

/** A service for every behaviour of the test server. */
export function service(
  namespaceName: string,
  name: string,
  selector: Readonly<Record<string, string>>,
): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { namespace: namespaceName, name },
    spec: {
      selector,
      ipFamilyPolicy: 'PreferDualStack',
      ports: Array.from({ length: 9 }, (_, index) => ({ name: `tcp-${7000 + index}`, port: 7000 + index })),
    },
  };
}

export function peerAuthentication(namespaceName: string, mode: 'STRICT' | 'PERMISSIVE'): KubeObject {
  return {
    apiVersion: 'security.istio.io/v1',
    kind: 'PeerAuthentication',
    metadata: { namespace: namespaceName, name: 'default' },
    spec: { mtls: { mode } },
  };
}

export interface PolicyOptions {
  readonly namespace: string;
  readonly name: string;
  readonly action: 'ALLOW' | 'DENY';
  readonly principals: readonly string[];
  readonly app?: string;
}

export function authorizationPolicy(options: PolicyOptions): KubeObject {
  return {
    apiVersion: 'security.istio.io/v1',
    kind: 'AuthorizationPolicy',
    metadata: { namespace: options.namespace, name: options.name },
    spec: {
      action: options.action,
      ...(options.app !== undefined && { selector: { matchLabels: { app: options.app } } }),
      rules: [{ from: [{ source: { principals: options.principals } }] }],
    },
  };
}
