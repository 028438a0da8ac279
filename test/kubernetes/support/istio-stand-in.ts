import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Test } from 'tap';
import { parseIpAddress } from '../../../src/model/index.ts';
import { makeWorkload } from '../../model/mesh-fixtures.ts';
import { captureAsIstio, releaseAsIstio, startCniAgent } from '../../ztunnel/agent/support/cni-agent.ts';
import { startTestController } from '../../ztunnel/support/test-controller.ts';
import type { TestPod } from '../../ztunnel/support/topology.ts';
import { listOf } from './installed-mesh.ts';
import { eventually, type Kubectl } from './kubectl.ts';
import { spawnNodemesh } from './nodemesh-process.ts';

/** Istio as far as a pod and the API server see it: its agent, its ztunnel and its control plane, on one node. */
export interface IstioStandIn {
  /** From now on its agent knows of the pod. */
  watch(pod: TestPod, place: { readonly namespace: string; readonly name: string }): void;
  /** Names of the pods that it has. */
  readonly captured: ReadonlySet<string>;
}

export interface IstioOptions {
  readonly node: string;
  /** The first of three ports in a row, on loopback. */
  readonly adminPort: number;
}

/** Another root than ours, and objects by which a cluster is seen to have Istio. */
export async function startIstio(
  t: Test,
  kubectl: Kubectl,
  { node, adminPort }: IstioOptions,
): Promise<IstioStandIn> {
  await kubectl.must(['apply', '-f', '-'], listOf(OBJECTS));
  const controller = await startTestController({ istioTypesOnly: true });
  t.teardown(() => controller.close());
  const { directory } = controller;
  const agent = await startCniAgent(join(directory, 'agent.sock'));
  t.teardown(() => agent.close());
  const tokenFile = join(directory, 'token');
  writeFileSync(tokenFile, node);
  const ztunnel = spawnNodemesh(t, [
    ...['ztunnel', '--node', node, '--zds-socket', agent.path, '--state-file', ''],
    ...['--controller', `127.0.0.1:${controller.port}`, '--controller-name', 'controller.test'],
    ...['--root-cert-file', join(directory, 'root.pem'), '--token-file', tokenFile],
    ...['--admin', `127.0.0.1:${adminPort}`, '--metrics', `127.0.0.1:${adminPort + 1}`],
    ...['--readiness', `127.0.0.1:${adminPort + 2}`, '--dashboard-address', 'none'],
  ]);
  await eventually(
    'the ztunnel of Istio',
    () => ztunnel.log.some(({ message }) => message === 'ready'),
    () => JSON.stringify(ztunnel.log.slice(-5)),
  );

  const pods: Watched[] = [];
  const captured = new Set<string>();
  /** In the order of Istio's agent, either way. */
  const visit = async ({ pod, namespace, name }: Watched): Promise<void> => {
    const { wanted, annotated, uid } = await lookAt(kubectl, namespace, name);
    const annotate = (change: string): Promise<string> =>
      kubectl.must(['annotate', 'pod', name, '-n', namespace, '--overwrite', `${REDIRECTION}${change}`]);
    if (wanted && !captured.has(name)) {
      captureAsIstio(pod);
      const netns = `/run/netns/${pod.name}`;
      const error = await agent.add(uid, { name, namespace, account: name, netns });
      if (error !== '') throw new Error(`the ztunnel of Istio did not take ${name}: ${error}`);
      captured.add(name);
      await annotate('=enabled');
    } else if (!wanted && annotated) {
      if (captured.has(name)) releaseAsIstio(pod);
      await agent.del(uid);
      captured.delete(name);
      await annotate('-');
    }
  };
  let closed = false;
  const working = (async () => {
    while (!closed) {
      for (const pod of pods) await visit(pod);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  })();
  // Whoever waits for what it does says what is missing.
  working.catch((error: Error) => t.comment(`Istio's agent: ${error.message}`));
  t.teardown(async () => {
    closed = true;
    await working.catch(() => undefined);
  });
  return {
    captured,
    watch(pod, { namespace, name }) {
      const addresses = [parseIpAddress(pod.v4), parseIpAddress(pod.v6)];
      controller.setWorkload(
        makeWorkload({ name, namespace, serviceAccount: name, node: pod.node, addresses }),
      );
      pods.push({ pod, namespace, name });
    },
  };
}

interface Watched {
  readonly pod: TestPod;
  readonly namespace: string;
  readonly name: string;
}

interface Labelled {
  readonly metadata: {
    readonly uid: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
}

/** By Istio's rules, which know no label of ours: the pod's own label before its namespace's. */
async function lookAt(kubectl: Kubectl, namespace: string, name: string) {
  const [of, pod] = (await Promise.all([
    kubectl.get('namespace', namespace),
    kubectl.get('pod', name, '-n', namespace),
  ])) as unknown as readonly [Labelled, Labelled];
  const { uid, labels = {}, annotations = {} } = pod.metadata;
  const mode = labels[MODE] ?? of.metadata.labels?.[MODE];
  return { uid, wanted: mode === 'ambient', annotated: annotations[REDIRECTION] !== undefined };
}

const MODE = 'istio.io/dataplane-mode';
const REDIRECTION = 'ambient.istio.io/redirection';

const OBJECTS = [
  { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'istio-system' } },
  ...['ztunnel', 'istio-cni-node'].map((name) => ({
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    metadata: { namespace: 'istio-system', name },
    spec: {
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name } },
        spec: { containers: [{ name, image: `istio/${name}:1.30` }] },
      },
    },
  })),
];
