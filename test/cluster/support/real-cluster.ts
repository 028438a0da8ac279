import { type ChildProcess, execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Test } from 'tap';
import { eventually, type Kubectl, kubectlOf } from '../../kubernetes/support/kubectl.ts';
import { CLUSTER_PROGRAMS, findClusterPrograms } from '../../support/kubernetes-cluster/assets.ts';
import { endProgram, startProgram } from '../../support/kubernetes-cluster/program.ts';
import {
  kubeconfigOf,
  startCluster,
  type TestCluster,
} from '../../support/kubernetes-cluster/start-cluster.ts';
import { createNodeCgroups } from './node-cgroups.ts';
import { CLUSTER_DNS, kubeProxyConfig, nodeAddress, podNetworkOf, writeNodeFiles } from './node-files.ts';

/** A whole Kubernetes on this machine: what rules it in the sandbox, and nodes that are namespaces of their own. */
export interface RealCluster {
  /** Its user may do everything. */
  readonly kubectl: Kubectl;
  readonly kubeconfig: string;
  readonly nodes: readonly RealNode[];
}

export interface RealNode {
  readonly name: string;
  /** What it has for itself: `etc/cni/net.d`, `opt/cni/bin`, logs of its programs. */
  readonly folder: string;
  /** Runs a command as on the node, and returns what it writes. Throws when it fails. */
  run(...command: readonly string[]): string;
  /** All that runs there is killed, /run is emptied, and it is started again. */
  reboot(): Promise<void>;
  /** Kills one of its own programs, which is started again at once. */
  kill(program: 'kubelet' | 'containerd' | 'kube-proxy'): void;
}

const NODES = 2;
/** Of the machine that rules the cluster, on the network of nodes. */
const CONTROL_PLANE = '192.168.50.1';

/** Must run in a sandbox as root. `images`: a folder with archives of images. All of it ends with the test. */
export async function startRealCluster(t: Test, images: string): Promise<RealCluster> {
  const programs = findClusterPrograms(process.env);
  if (typeof programs === 'string') throw new Error(programs);
  layNetwork();
  const users = Array.from({ length: NODES }, (_, index) => ({
    name: `system:node:node-${index + 1}`,
    group: 'system:nodes',
    token: randomBytes(16).toString('hex'),
  }));
  const cluster = await startCluster(programs, { address: CONTROL_PLANE, users, hasControllers: true });
  t.teardown(() => cluster.stop());
  await startControllers(t, cluster);
  const kubectl = kubectlOf(cluster.kubeconfig);
  await serveNames(t, cluster, kubectl);
  const nodes: RealNode[] = [];
  for (const [index, { token }] of users.entries())
    nodes.push(await startNode(t, { number: index + 1, token, cluster, images }));
  const names = nodes.map(({ name }) => name);
  await eventually(
    'the nodes',
    async () => (await kubectl(['get', 'nodes', ...names])).status === 0,
    () => nodes.map(lastWords).join('\n'),
  );
  await kubectl.must(['wait', '--for=condition=Ready', '--timeout=120s', 'node', '--all']);
  return { kubectl, kubeconfig: cluster.kubeconfig, nodes };
}

function layNetwork(): void {
  for (const command of [
    'link add lan type bridge',
    `address add ${CONTROL_PLANE}/24 dev lan`,
    'link set lan up',
    // Addresses of services are turned into those of pods on the way out, and there must be one.
    'route add default dev lan',
  ])
    execFileSync('ip', command.split(' '));
  writeFileSync('/proc/sys/net/ipv4/ip_forward', '1');
}

async function start(t: Test, name: string, parameters: readonly string[], log: string): Promise<void> {
  const program = await startProgram(join(CLUSTER_PROGRAMS, name), log, parameters);
  t.teardown(() => endProgram(program, 'SIGTERM'));
}

async function startControllers(t: Test, { folder, kubeconfig }: TestCluster): Promise<void> {
  const file = (name: string): string => join(folder, name);
  const common = [`--kubeconfig=${kubeconfig}`, '--leader-elect=false', '--bind-address=127.0.0.1'];
  await start(
    t,
    'kube-controller-manager',
    [
      ...common,
      `--service-account-private-key-file=${file('accounts.key')}`,
      `--root-ca-file=${file('certificates/apiserver.crt')}`,
    ],
    file('controller-manager.log'),
  );
  await start(t, 'kube-scheduler', common, file('scheduler.log'));
  // The API server calls webhooks by their Services.
  writeFileSync(file('kube-proxy.json'), JSON.stringify(kubeProxyConfig(kubeconfig)));
  await start(
    t,
    'kube-proxy',
    [`--config=${file('kube-proxy.json')}`, '--hostname-override=control-plane'],
    file('kube-proxy.log'),
  );
}

/** DNS beside the API server, behind the address that kubelets tell pods. */
async function serveNames(t: Test, { folder, kubeconfig }: TestCluster, kubectl: Kubectl): Promise<void> {
  const file = join(folder, 'Corefile');
  writeFileSync(
    file,
    `.:53 {\n  errors\n  kubernetes cluster.local {\n    kubeconfig ${kubeconfig}\n  }\n}\n`,
  );
  await start(t, 'coredns', ['-conf', file], join(folder, 'coredns.log'));
  const ports = ['UDP', 'TCP'].map((protocol) => ({ name: protocol.toLowerCase(), port: 53, protocol }));
  const metadata = { name: 'kube-dns', namespace: 'kube-system' };
  const labels = { 'kubernetes.io/service-name': metadata.name };
  for (const object of [
    { apiVersion: 'v1', kind: 'Service', metadata, spec: { clusterIP: CLUSTER_DNS, ports } },
    {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { ...metadata, labels },
      addressType: 'IPv4',
      ports,
      endpoints: [{ addresses: [CONTROL_PLANE] }],
    },
  ])
    await kubectl.must(['apply', '-f', '-'], JSON.stringify(object));
}

interface NodeWish {
  readonly number: number;
  readonly token: string;
  readonly cluster: TestCluster;
  readonly images: string;
}

async function startNode(t: Test, { number, token, cluster, images }: NodeWish): Promise<RealNode> {
  const name = `node-${number}`;
  const folder = join(cluster.folder, name);
  mkdirSync(folder);
  writeNodeFiles(
    { number, count: NODES, controlPlane: CONTROL_PLANE },
    {
      folder,
      kubelet: kubeconfigOf(cluster.server, token),
      proxy: readFileSync(cluster.kubeconfig, 'utf8'),
      programs: CLUSTER_PROGRAMS,
    },
  );
  const boot = (): Promise<Machine> => bootMachine({ number, name, folder, images });
  let machine = await boot();
  t.teardown(() => machine.end());
  const run = (...command: readonly string[]): string =>
    execFileSync('nsenter', ['--target', machine.init, '--net', '--mount', '--pid', '--uts', ...command], {
      encoding: 'utf8',
      timeout: 30_000,
    });
  return {
    name,
    folder,
    run,
    kill(program) {
      run('kill', '-KILL', readFileSync(join(folder, `${program}.pid`), 'utf8').trim());
    },
    async reboot() {
      await machine.end();
      machine = await boot();
    },
  };
}

interface Machine {
  /** Its process 1, as this sandbox numbers it. */
  readonly init: string;
  /** As when its power is cut. */
  end(): Promise<void>;
}

async function bootMachine(node: {
  readonly number: number;
  readonly name: string;
  readonly folder: string;
  readonly images: string;
}): Promise<Machine> {
  const { number, name, folder, images } = node;
  const cgroups = createNodeCgroups(`nodemesh-${randomBytes(4).toString('hex')}`);
  const enter = `for folder in ${cgroups.folders.join(' ')}; do echo $$ > "$folder/cgroup.procs"; done; exec unshare "$@"`;
  const child = await startProgram('sh', join(folder, 'node.log'), [
    ...['-c', enter, 'sh', '--net', '--mount', '--pid', '--cgroup', '--uts', '--fork', '--kill-child'],
    ...['sh', NODE_SCRIPT, name, folder, CLUSTER_PROGRAMS, images],
  ]);
  const end = async (): Promise<void> => {
    await endProgram(child, 'SIGKILL');
    await cgroups.remove();
  };
  try {
    const init = await firstProcess(child);
    const cable = `lan${number}`;
    // That of a node that was here before goes with its namespace, but some time after.
    if (execFileSync('ip', ['-brief', 'link'], { encoding: 'utf8' }).includes(`${cable}@`))
      execFileSync('ip', ['link', 'delete', cable]);
    for (const command of [
      `link add ${cable} type veth peer name eth0 netns ${init}`,
      `link set ${cable} master lan up`,
      `route replace ${podNetworkOf(number)} via ${nodeAddress(number)}`,
    ])
      execFileSync('ip', command.split(' '));
    return { init, end };
  } catch (error) {
    await end();
    throw error;
  }
}

/** How the logs of a node's programs end. */
function lastWords({ name, folder }: RealNode): string {
  const logs = readdirSync(folder).filter((file) => file.endsWith('.log'));
  const ends = logs.map(
    (file) => `${name} ${file}: ${readFileSync(join(folder, file), 'utf8').slice(-1_000)}`,
  );
  return ends.join('\n');
}

/** The node's process 1, as this sandbox numbers it. */
async function firstProcess({ pid }: ChildProcess): Promise<string> {
  for (let left = 200; left > 0; left -= 1) {
    const [init = ''] = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ');
    const isNode = init !== '' && readFileSync(`/proc/${init}/cmdline`, 'utf8').includes(NODE_SCRIPT);
    if (isNode) return init;
    await delay(50);
  }
  throw new Error('expected a node to start, it did not within 10 s');
}

const NODE_SCRIPT = join(import.meta.dirname, 'node.sh');
