import type { Test } from 'tap';
import { type Clock, silentLogger, systemClock } from '../../../src/base/index.ts';
import {
  type Cluster,
  type Controller,
  createController,
  openCluster,
  resolveControllerConfig,
} from '../../../src/controller/index.ts';
import type { ApiAnswers, ApiPath } from '../../../src/model/index.ts';
import { createMetricsRegistry } from '../../../src/telemetry/index.ts';
import type { ApiObject, Json } from '../../support/kubernetes-api/api-object.ts';
import type { FakeKubernetesApi } from '../../support/kubernetes-api/fake-kubernetes-api.ts';

/** One of several controllers of a cluster, in this process. */
export interface Replica {
  readonly cluster: Cluster;
  readonly controller: Controller;
  readonly address: string;
  /** What its dashboard asks of it. */
  ask<Path extends ApiPath>(path: Path, query?: string): Promise<ApiAnswers[Path]>;
  /** What it is scraped for. */
  metrics(): Promise<string>;
  /** Ends as a pod that is deleted does. */
  stop(): Promise<void>;
  /** Ends as a process that is killed does: the lease is not given back. */
  kill(): void;
}

export async function startReplica(
  t: Test,
  kubeconfig: string,
  options: {
    readonly instance: string;
    readonly rootOverlapMs?: number;
    readonly authorityFolder?: string;
    /** Default: the system's. */
    readonly clock?: Clock;
  },
): Promise<Replica> {
  const cluster = openCluster({
    access: { kind: 'kubeconfig', file: kubeconfig },
    namespace: 'nodemesh-system',
    trustDomain: 'cluster.local',
    clock: systemClock,
    log: silentLogger,
    ...options,
  });
  const config = resolveControllerConfig({
    kubernetes: true,
    listen: { host: '127.0.0.1', port: 0 },
    serverNames: ['localhost'],
    svidTtlMs: 60_000,
    dashboardListen: { host: '127.0.0.1', port: 0 },
  });
  const registry = createMetricsRegistry();
  const controller = createController(config, { cluster, registry, clock: options.clock ?? systemClock });
  await controller.start();
  let ended = false;
  const kill = (): void => {
    if (ended) return;
    ended = true;
    cluster.destroy();
    controller.destroy();
  };
  t.teardown(kill);
  return {
    cluster,
    controller,
    address: `127.0.0.1:${controller.addresses.grpc?.port}`,
    async ask<Path extends ApiPath>(path: Path, query = '') {
      const { port } = controller.addresses.dashboard ?? {};
      const response = await fetch(`http://127.0.0.1:${port}${path}${query}`);
      if (!response.ok) throw new Error(await response.text());
      return (await response.json()) as ApiAnswers[Path];
    },
    metrics: async () => await registry.metrics(),
    async stop() {
      ended = true;
      await controller.close();
      await cluster.close();
    },
    kill,
  };
}

/** A token of a node's proxy that says when it ends, as Kubernetes' do: in an hour. */
export function nodeToken(node: string): string {
  const payload = JSON.stringify({ exp: Math.floor(Date.now() / 1000) + 3_600 });
  return `node/${node}.${Buffer.from(payload).toString('base64url')}`;
}

/** Tokens `node/<node>`, with or without their end, of node proxies whose pods are there. */
export function nodeTokens(fake: FakeKubernetesApi, nodes: readonly string[]): void {
  for (const node of nodes) fake.put(ztunnelPod(node));
  fake.reviewToken = ({ token, audiences }): Json => {
    const [kind, rest = ''] = token.split('/');
    const [node = ''] = rest.split('.');
    if (kind !== 'node') return { authenticated: false, error: 'invalid bearer token' };
    return {
      authenticated: true,
      audiences,
      user: {
        username: 'system:serviceaccount:nodemesh-system:ztunnel',
        groups: ['system:serviceaccounts', 'system:authenticated'],
        extra: {
          'authentication.kubernetes.io/pod-name': [`ztunnel-${node}`],
          'authentication.kubernetes.io/pod-uid': [`uid-${node}`],
        },
      },
    };
  };
}

/** The endpoints of the controller's Service. */
export function announceReplicas(
  fake: FakeKubernetesApi,
  replicas: readonly { readonly instance: string; readonly address: string }[],
): void {
  for (const { instance, address } of replicas) {
    fake.put({
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: {
        namespace: 'nodemesh-system',
        name: `controller-${instance}`,
        labels: { 'kubernetes.io/service-name': 'nodemesh-controller' },
      },
      addressType: 'IPv4',
      ports: [{ name: 'tcp-grpc', port: Number(address.split(':')[1]), protocol: 'TCP' }],
      endpoints: [
        {
          addresses: ['127.0.0.1'],
          conditions: { ready: true },
          targetRef: { kind: 'Pod', namespace: 'nodemesh-system', name: instance },
        },
      ],
    });
  }
}

function ztunnelPod(node: string): ApiObject {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace: 'nodemesh-system', name: `ztunnel-${node}`, uid: `uid-${node}` },
    spec: { serviceAccountName: 'ztunnel', nodeName: node },
    status: { phase: 'Running' },
  };
}

/** Waits until it holds; fails after 60 s, for processes that start beside many others. */
export async function until(what: string, holds: () => boolean): Promise<number> {
  const begun = Date.now();
  while (!holds()) {
    if (Date.now() - begun > 60_000) throw new Error(`waited 60 s for: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return Date.now() - begun;
}
