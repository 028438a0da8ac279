import type { Test } from 'tap';
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type FakeKubernetesApi,
  startFakeKubernetesApi,
} from '../../../support/kubernetes-api/fake-kubernetes-api.ts';
import { announceReplicas, nodeToken, nodeTokens } from '../../../controller/kubernetes/replica.ts';
import { compileCache } from '../../../support/compile-cache.ts';
import { startForwarder } from './service-forwarder.ts';
import { startLoad } from '../../support/load.ts';
import { type PodServer, servePod } from '../../support/programs.ts';
import { createTopology, type TestPod } from '../../support/topology.ts';
import { startZtunnel, type ZtunnelProcess } from '../../support/ztunnel-process.ts';
import { type ControllerProcess, createControllerProcess } from './controllers.ts';
import { holdConnections } from './held-connections.ts';
import { readDump, type ZtunnelDump } from './ztunnel-dump.ts';

/**
 * A cluster with two controllers behind one address, two nodes with their ztunnels, and on each a pod that has been captured:
 * each of the four a process of its own, all of them as they are run in a cluster. Only the API server is not a real one.
 */
export interface ClusterMesh {
  readonly fake: FakeKubernetesApi;
  readonly controllers: readonly ControllerProcess[];
  readonly ztunnels: readonly ZtunnelProcess[];
  /** The replica that the Lease names; undefined: nobody leads. */
  leader(): ControllerProcess | undefined;
  /** PEM, as nodes get them. */
  roots(): string;
  /** What each ztunnel knows and uses. */
  dumps(): Promise<readonly ZtunnelDump[]>;
  /** What the ztunnels have said that no proxy should have to say in a mesh that works: of refusals. */
  refusals(): readonly string[];
  /** New connections from one pod to the other, 50 a second, and some that are held; runs until it is stopped. */
  startTraffic(): Promise<Traffic>;
  /** Waits until every certificate that is used now has been replaced. */
  untilRotated(): Promise<void>;
  close(): Promise<void>;
}

export interface Traffic {
  stop(): Promise<{ readonly asked: number; readonly failures: readonly string[] }>;
}

export async function startClusterMesh(options: {
  /** Of workloads' certificates. */
  readonly svidTtl: string;
  readonly rootOverlap?: string;
  /** Default: none. */
  readonly shutdownDelay?: string;
}): Promise<ClusterMesh> {
  const directory = mkdtempSync(join(tmpdir(), 'nodemesh-cluster-'));
  const topology = createTopology('zt');
  const fake = await startFakeKubernetesApi();
  const kubeconfig = fake.writeKubeconfig(join(directory, 'kubeconfig'));
  const ends: (() => Promise<void> | void)[] = [
    () => rmSync(directory, { recursive: true, force: true }),
    () => topology.close(),
    () => fake.close(),
  ];
  const close = async (): Promise<void> => {
    for (let end = ends.pop(); end !== undefined; end = ends.pop()) await end();
  };
  try {
    return { ...(await start()), close };
  } catch (error) {
    await close();
    throw error;
  }

  async function start(): Promise<Omit<ClusterMesh, 'close'>> {
    const [one, two] = topology.nodes;
    nodeTokens(fake, [one.name, two.name]);
    furnish(fake);
    const client = one.addPod('shop.client');
    const server = two.addPod('shop.server');
    for (const pod of [client, server]) fake.put(podObject(pod));

    const controllers = await Promise.all(
      ['c0', 'c1'].map((instance) =>
        createControllerProcess({
          instance,
          kubeconfig,
          compileCache: compileCache(directory),
          flags: [
            ...['--svid-ttl', options.svidTtl, '--root-overlap', options.rootOverlap ?? '3s'],
            ...['--shutdown-delay', options.shutdownDelay ?? '0s'],
          ],
        }),
      ),
    );
    ends.push(async () => {
      await Promise.all(controllers.map((controller) => controller.kill()));
    });
    announceReplicas(
      fake,
      controllers.map(({ instance, port }) => ({ instance, address: `127.0.0.1:${port}` })),
    );
    await Promise.all(controllers.map((controller) => controller.start()));
    const service = await startForwarder(controllers.map(({ port }) => port));
    ends.push(() => service.close());

    const roots = (): string =>
      (fake.get('ConfigMap', 'nodemesh-system', 'nodemesh-root-cert')?.data as Record<string, string>)?.[
        'root-cert.pem'
      ] ?? '';
    await until('the roots of the mesh', () => roots() !== '');
    ends.push(keepMounted(fake, join(directory, 'root.pem'), roots));
    const ztunnels = topology.nodes.map((node, index) => {
      mkdirSync(join(directory, `state-${node.name}`), { mode: 0o700 });
      return startZtunnel(
        { directory, port: Number(service.address.split(':')[1]), token: nodeToken(node.name) },
        { node: node.name, adminPort: adminPortOf(index), flags: ['--svid-ttl', options.svidTtl] },
      );
    });
    ends.push(async () => {
      await Promise.all(ztunnels.map((ztunnel) => ztunnel.kill()));
    });
    await Promise.all(ztunnels.map(({ ready }) => ready));
    await until('both pods are captured', () => ['client', 'server'].every((name) => isCaptured(fake, name)));
    const echo = await servePod(server, PORT, (socket) => void socket.pipe(socket));
    ends.push(() => echo.close());

    const dumps = () => Promise.all(ztunnels.map((_ztunnel, index) => readDump(adminPortOf(index))));
    return {
      fake,
      controllers,
      ztunnels,
      roots,
      leader: () => controllers.find(({ instance }) => holderOf(fake).startsWith(`${instance}_`)),
      dumps,
      async untilRotated() {
        const before = new Set((await dumps()).flatMap(serialsOf));
        await until('every certificate is another one', async () => {
          const now = (await dumps()).flatMap(serialsOf);
          // One that has ended is not there any more, and was not replaced.
          return now.length === POD_NAMES.length && now.every((serial) => !before.has(serial));
        });
      },
      refusals: () =>
        ztunnels.flatMap(({ lines }) => lines.filter((line) => REFUSAL.test(line) && !AWAY.test(line))),
      startTraffic: () => startTraffic(client, server, echo),
    };
  }
}

async function startTraffic(from: TestPod, to: TestPod, { connections }: PodServer): Promise<Traffic> {
  const target = { address: to.v4, port: PORT };
  const held = await holdConnections(from, target);
  await until('held connections', () => connections.size > 0);
  const load = startLoad(from, target);
  return {
    async stop() {
      const { asked, failures } = await load.stop();
      return { asked, failures: [...failures, ...(await held.stop())] };
    },
  };
}

/** Waits until it holds; rejects after a generous `limitMs`. Resolves with how long it took. */
export async function until(
  what: string,
  holds: () => boolean | Promise<boolean>,
  limitMs = 60_000,
): Promise<number> {
  const begun = performance.now();
  while (!(await holds())) {
    if (performance.now() - begun > limitMs) throw new Error(`not within ${limitMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return Math.round(performance.now() - begun);
}

function serialsOf({ certificates }: ZtunnelDump): readonly string[] {
  return certificates.flatMap(({ chain }) => chain.slice(0, 1).map(({ serialNumber }) => serialNumber));
}

function furnish(fake: FakeKubernetesApi): void {
  const labels = { 'istio.io/dataplane-mode': 'ambient' };
  fake.put({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop', labels } });
  fake.put({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'nodemesh-system' } });
  // Nothing in plaintext: who is not known by certificate is refused.
  fake.put({
    apiVersion: 'security.istio.io/v1',
    kind: 'PeerAuthentication',
    metadata: { namespace: 'shop', name: 'strict' },
    spec: { mtls: { mode: 'STRICT' } },
  });
}

function podObject({ name, node, v4, v6 }: TestPod) {
  const own = name.replace('shop.', '');
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      namespace: 'shop',
      name: own,
      uid: `uid-${own}`,
      labels: { app: own },
      annotations: { 'nodemesh.io/netns': name },
    },
    spec: { serviceAccountName: own, nodeName: node },
    status: {
      phase: 'Running',
      podIP: v4,
      podIPs: [{ ip: v4 }, { ip: v6 }],
      conditions: [{ type: 'Ready', status: 'True' }],
    },
  };
}

function isCaptured(fake: FakeKubernetesApi, name: string): boolean {
  const { annotations } = fake.get('Pod', 'shop', name)?.metadata ?? {};
  return annotations?.['ambient.istio.io/redirection'] === 'enabled';
}

function holderOf(fake: FakeKubernetesApi): string {
  const lease = fake.get('Lease', 'nodemesh-system', 'nodemesh-controller');
  return String((lease?.spec as { readonly holderIdentity?: string } | undefined)?.holderIdentity ?? '');
}

/** Keeps a file as the ConfigMap is, as the kubelet does with a volume. */
function keepMounted(fake: FakeKubernetesApi, file: string, roots: () => string): () => void {
  const write = (): void => {
    writeFileSync(`${file}.next`, roots());
    renameSync(`${file}.next`, file);
  };
  write();
  return fake.store.subscribe(({ resource }) => {
    if (resource === 'configmaps') write();
  });
}

/** Of a certificate that was not given, or of a peer whose certificate is not taken. */
const REFUSAL = /svid not renewed|peer refused/;
/** Nobody was there to be asked: that is no refusal, and it is tried again. */
const AWAY = /ERR_WIRE_UNAVAILABLE/;
const adminPortOf = (index: number): number => 16_000 + 10 * index;
/** Each with a service account, and so a certificate, of its own. */
const POD_NAMES = ['client', 'server'];
const PORT = 8080;

/** Ends the traffic, and holds that none of it was lost or refused. */
export async function expectUnharmed(
  t: Test,
  mesh: Pick<ClusterMesh, 'refusals'>,
  traffic: Traffic,
): Promise<void> {
  const { asked, failures } = await traffic.stop();
  t.comment(`${asked} new connections`);
  t.same(failures, []);
  t.same(mesh.refusals(), []);
}
