import { type ChildProcess, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { CLI, nodemesh } from '../macro/bench-lab.ts';
import { findProxies, processesInPod } from '../macro/process-usage.ts';
import {
  PORTS,
  type Protocol,
  writeApplication,
  writeClientSidecar,
  writeHaproxyProxy,
  writeNginxProxy,
  writeServerSidecar,
} from './peer-configs.ts';

/** Each variant has a namespace with a client on the first node, a server on the second and, for peers, a proxy between. */
export const L7_VARIANTS = ['plain', 'nodemesh', 'haproxy', 'nginx'] as const;
/** nodemesh, with waypoints that tell of less: no lines of an access log, or failures alone. */
export type L7Variant = (typeof L7_VARIANTS)[number] | 'unlogged' | 'quiet';
type MeshVariant = Extract<L7Variant, 'nodemesh' | 'unlogged' | 'quiet'>;

export interface L7Lab {
  /** Where a variant's client sends its requests. */
  target(variant: L7Variant, protocol: Protocol): string;
  /** Runs h2load in a variant's client pod; resolves with what it printed. */
  h2load(variant: L7Variant, args: readonly string[]): Promise<string>;
  /** Processes that carry a variant's requests, and which of them is the L7 proxy. */
  proxies(variant: L7Variant): { readonly all: readonly number[]; readonly l7: readonly number[] };
  down(): Promise<void>;
}

const NAME = 'bench-l7';
const WAYPOINT_FLAGS = {
  nodemesh: '',
  unlogged: '--access-log=none',
  quiet: '--telemetry=failures',
} as const satisfies Record<MeshVariant, string>;

export async function startL7Lab(folder: string, variants: readonly L7Variant[]): Promise<L7Lab> {
  const background: ChildProcess[] = [];
  const manifests = join(folder, 'l7.yaml');
  writeFileSync(
    manifests,
    variants
      .flatMap((variant) => objectsOf(variant, writeApplication(folder)))
      .map((object) => stringify(object))
      .join('---\n'),
  );
  await nodemesh(['lab', 'down', '--name', NAME]).catch(() => undefined);
  await nodemesh(['lab', 'up', '--name', NAME, '--nodes', '2', '-f', manifests]);
  const status = JSON.parse(await nodemesh(['lab', 'status', '--name', NAME, '-o', 'json'])) as {
    readonly stateDirectory: string;
  };
  const exec = (variant: L7Variant, pod: string, command: readonly string[]): string[] => [
    ...['lab', 'exec', '--name', NAME, '-n', variant, pod, '--'],
    ...command,
  ];
  const start = (variant: L7Variant, pod: string, ...command: readonly string[]): void => {
    background.push(spawn(process.execPath, [CLI, ...exec(variant, pod, command)], { stdio: 'ignore' }));
  };
  const addresses = new Map<string, string>();
  const networks = new Map<string, string>();
  for (const variant of variants) {
    for (const pod of podsOf(variant)) {
      const text = await nodemesh(['lab', 'get', 'pod', pod, '--name', NAME, '-n', variant, '-o', 'json']);
      const object = JSON.parse(text) as { readonly status: { readonly podIP: string } };
      addresses.set(`${variant} ${pod}`, object.status.podIP);
      const network = await nodemesh(exec(variant, pod, ['readlink', '/proc/self/ns/net']));
      networks.set(`${variant} ${pod}`, network.trim());
    }
  }
  const addressOf = (variant: L7Variant, pod: string): string => addresses.get(`${variant} ${pod}`) ?? '';
  const runningIn = (variant: L7Variant, pod: string, program: string): readonly number[] =>
    processesInPod(networks.get(`${variant} ${pod}`) ?? '', program);
  for (const variant of variants) {
    if (variant !== 'haproxy' && variant !== 'nginx') continue;
    const server = addressOf(variant, 'server');
    start(variant, 'server', 'haproxy', '-db', '-f', writeServerSidecar(folder, variant));
    if (variant === 'haproxy')
      start(variant, 'proxy', 'haproxy', '-db', '-f', writeHaproxyProxy(folder, server));
    else start(variant, 'proxy', 'nginx', '-c', writeNginxProxy(folder, server));
    const proxy = addressOf(variant, 'proxy');
    start(variant, 'client', 'haproxy', '-db', '-f', writeClientSidecar(folder, variant, proxy));
  }
  const lab: L7Lab = {
    target(variant, protocol) {
      const { app, local } = PORTS[protocol];
      if (variant === 'plain') return `http://${addressOf(variant, 'server')}:${app}/bench/route`;
      if (isMesh(variant)) return `http://server.${variant}.svc.cluster.local:${app}/bench/route`;
      return `http://127.0.0.1:${local}/bench/route`;
    },
    h2load: (variant, args) => nodemesh(exec(variant, 'client', ['h2load', ...args])),
    proxies(variant) {
      if (variant === 'plain') return { all: [], l7: [] };
      if (isMesh(variant)) {
        const l7 = findProxies(status.stateDirectory, 'waypoint', `${variant}/waypoint`);
        return { l7, all: [...l7, ...findProxies(status.stateDirectory, 'ztunnel')] };
      }
      const l7 = runningIn(variant, 'proxy', variant);
      const sidecars = ['client', 'server'].flatMap((pod) => runningIn(variant, pod, 'haproxy'));
      return { l7, all: [...l7, ...sidecars] };
    },
    async down() {
      for (const child of background) child.kill();
      await nodemesh(['lab', 'down', '--name', NAME]);
    },
  };
  try {
    for (const variant of variants) await untilAnswers(lab, variant);
  } catch (error) {
    await lab.down();
    throw error;
  }
  return lab;
}

async function untilAnswers(lab: L7Lab, variant: L7Variant): Promise<void> {
  let printed = '';
  for (let attempt = 0; attempt < 60; attempt++) {
    printed = await lab
      .h2load(variant, ['--h1', '-n', '1', lab.target(variant, 'http1')])
      .catch((error: unknown) => String(error));
    if (printed.includes('1 succeeded') && printed.includes('1 2xx')) return;
    await new Promise((settle) => setTimeout(settle, 500));
  }
  throw new Error(`the ${variant} variant does not answer: ${printed}`);
}

function podsOf(variant: L7Variant): readonly string[] {
  return variant === 'haproxy' || variant === 'nginx' ? ['client', 'server', 'proxy'] : ['client', 'server'];
}

function isMesh(variant: L7Variant): variant is MeshVariant {
  return variant in WAYPOINT_FLAGS;
}

function objectsOf(namespace: L7Variant, application: string): readonly object[] {
  const labels = isMesh(namespace)
    ? { 'istio.io/dataplane-mode': 'ambient', 'istio.io/use-waypoint': 'waypoint' }
    : {};
  return [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace, labels } },
    ...podsOf(namespace).map((name) =>
      podOf(
        namespace,
        name,
        name === 'client' ? 'node-1' : 'node-2',
        name === 'server' ? ['nginx', '-c', application] : ['sleep', 'infinity'],
      ),
    ),
    ...(isMesh(namespace) ? meshObjects(namespace) : []),
  ];
}

/** The waypoint, and routes that do what the peers do: by path, with a header set. */
function meshObjects(namespace: MeshVariant): readonly object[] {
  const route = (kind: 'HTTPRoute' | 'GRPCRoute', port: number, matches: readonly object[]): object => ({
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind,
    metadata: { namespace, name: `bench-${port}` },
    spec: {
      parentRefs: [{ group: '', kind: 'Service', name: 'server', port }],
      rules: [
        {
          matches,
          filters: [
            {
              type: 'RequestHeaderModifier',
              requestHeaderModifier: { set: [{ name: 'x-route', value: 'bench' }] },
            },
          ],
          backendRefs: [{ name: 'server', port }],
        },
      ],
    },
  });
  return [
    {
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'Gateway',
      metadata: {
        namespace,
        name: 'waypoint',
        annotations: { 'gateway.nodemesh.io/waypoint-flags': WAYPOINT_FLAGS[namespace] },
      },
      spec: {
        gatewayClassName: 'nodemesh-waypoint',
        listeners: [{ name: 'mesh', port: 15008, protocol: 'HBONE' }],
      },
    },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { namespace, name: 'server' },
      spec: {
        selector: { app: 'server' },
        ports: [
          { name: 'http', port: PORTS.http1.app, appProtocol: 'http' },
          { name: 'grpc', port: PORTS.grpc.app, appProtocol: 'grpc' },
        ],
      },
    },
    route('HTTPRoute', PORTS.http1.app, [{ path: { type: 'PathPrefix', value: '/bench' } }]),
    route('GRPCRoute', PORTS.grpc.app, [{ method: { service: 'bench', method: 'route' } }]),
  ];
}

function podOf(namespace: string, name: string, nodeName: string, command: readonly string[]): object {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace, name, labels: { app: name } },
    spec: { nodeName, terminationGracePeriodSeconds: 1, containers: [{ name: 'main', command }] },
  };
}
