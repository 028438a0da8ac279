import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { type Test, test } from 'tap';
import { ANSWERS } from '../cli/observe/support/answers.ts';
import { startApiServer } from '../cli/observe/support/api-server.ts';
import { nodemesh } from '../lab/support/lab-fixture.ts';
import { type FakeKubelet, startFakeKubelet } from '../support/kubernetes-cluster/fake-kubelet.ts';
import { type ControllerProcess, startController } from './support/controller-process.ts';
import { installMesh, kubeconfigWith, listOf, runPod, SYSTEM } from './support/installed-mesh.ts';
import { eventually, type Kubectl, kubectlOf } from './support/kubectl.ts';
import { nodeOn } from './support/kubelet-node.ts';
import { needsOwnCluster, startOwnCluster } from './support/own-cluster.ts';

const CONTROLLER_LABELS = {
  'app.kubernetes.io/name': 'nodemesh',
  'app.kubernetes.io/component': 'controller',
};
const ZTUNNEL_LABELS = { ...CONTROLLER_LABELS, 'app.kubernetes.io/component': 'ztunnel' };

interface Mesh {
  readonly kubectl: Kubectl;
  readonly kubelet: FakeKubelet;
  readonly controller: ControllerProcess;
  run(...args: readonly string[]): ReturnType<typeof nodemesh>;
}

/** The controller as it is shipped, behind a kubelet, and a node whose ztunnel gives fixed answers. */
async function startMesh(t: Test): Promise<Mesh> {
  const { kubeconfig } = await startOwnCluster(t);
  const kubectl = kubectlOf(kubeconfig);
  await installMesh(kubectl);
  const kubelet = await startFakeKubelet();
  t.teardown(() => kubelet.close());
  const pod = { namespace: SYSTEM, node: 'node-1', address: '10.8.0.1' };
  await runPod(kubectl, {
    ...{ ...pod, name: 'controller-1', account: 'nodemesh-controller', labels: CONTROLLER_LABELS },
  });
  await runPod(kubectl, {
    ...pod,
    name: 'ztunnel-1',
    account: 'ztunnel',
    labels: ZTUNNEL_LABELS,
    container: 'ztunnel',
  });
  await nodeOn(kubectl, 'node-1', kubelet);
  const controller = await startController(t, {
    kubeconfig,
    name: 'controller-1',
    flags: ['--dashboard-address', '127.0.0.1:0'],
  });
  kubelet.ports.set(`${SYSTEM}/controller-1:8080`, controller.portOf('dashboard'));
  kubelet.ports.set(`${SYSTEM}/controller-1:15000`, controller.portOf('operator'));
  kubelet.ports.set(`${SYSTEM}/controller-1:15014`, controller.portOf('admin'));
  const node = await startApiServer(t, ANSWERS);
  kubelet.ports.set(`${SYSTEM}/ztunnel-1:15022`, Number(new URL(node.url).port));
  kubelet.ports.set(`${SYSTEM}/ztunnel-1:15000`, await startAdmin(t));
  return { kubectl, kubelet, controller, run: (...args) => nodemesh([...args, '--kubeconfig', kubeconfig]) };
}

async function startAdmin(t: Test): Promise<number> {
  const workload = {
    name: 'cart-1',
    namespace: 'shop',
    node: 'node-1',
    protocol: 'HBONE',
    workloadIps: ['10.8.1.2'],
  };
  const answer: RequestListener = ({ method, url }, response) => {
    const dump = { workloads: [workload], services: [], policies: [], certificates: [], workloadState: {} };
    if (url === '/config_dump') response.end(JSON.stringify(dump));
    else response.end(`${method} ${url}`);
  };
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

test(
  'the commands that show something find the mesh of a cluster by themselves',
  needsOwnCluster(),
  async (t) => {
    const { kubectl, kubelet, controller, run } = await startMesh(t);

    await t.test('what the controller knows, through one of its pods', async (t) => {
      const stat = await run('proxies', '-o', 'json');
      t.equal(stat.code, 0, stat.stderr);
      t.same(JSON.parse(stat.stdout), []);
      t.same(kubelet.forwarded, [`${SYSTEM}/controller-1:8080`]);
      for (const args of [
        ['top', '--once'],
        ['stat'],
        ['edges'],
        ['topology'],
        ['certificates', '--expiring', '1h'],
      ]) {
        const { code, stderr } = await run(...args);
        t.equal(code, 0, `${args.join(' ')}: ${stderr}`);
      }
    });

    await t.test("what a node's proxy knows, through the ztunnel there", async (t) => {
      const stat = await run('stat', '--node', 'node-1');
      t.match(stat.stdout, /payments/, stat.stderr);
      const workloads = await run('workloads');
      t.match(workloads.stdout, /shop +cart-1 +10\.8\.1\.2 +node-1/, workloads.stderr);
      t.equal(
        (await run('admin', 'ztunnel/node-1', '/logging?level=info', '--post')).stdout,
        'POST /logging?level=info\n',
      );
      t.match((await run('admin', 'controller', '/metrics')).stdout, 'nodemesh_');
      const absent = await run('stat', '--node', 'node-9');
      t.equal(absent.code, 1);
      t.match(absent.stderr, /no ztunnel runs on a node node-9\nhint: +nodes that have one: node-1/);
    });

    await t.test('events, as long as somebody watches', async (t) => {
      const { code, stderr } = await run('tap', '--for', '2s');
      t.equal(code, 0, stderr);
      t.match(stderr, 'nothing of the kind happened meanwhile');
      await eventually('nothing stays open', () => kubelet.open === 0);
    });

    await t.test('the dashboard, by a port of this machine for as long as the command runs', async (t) => {
      const child = spawn(process.execPath, [
        ...['src/cli/main.ts', 'dashboard', '--no-open', '--kubeconfig', kubectl.kubeconfig],
      ]);
      t.teardown(() => child.kill('SIGKILL'));
      const [said] = (await once(child.stdout, 'data')) as [Buffer];
      const url = said.toString().trim();
      t.match(url, /^http:\/\/127\.0\.0\.1:\d+\/$/);
      const answers = await Promise.all(
        Array.from({ length: 20 }, () => fetch(new URL('/api/v1/info', url)).then((answer) => answer.json())),
      );
      t.match(
        answers,
        Array.from({ length: 20 }, () => ({ scope: 'mesh' })),
      );
      const ended = once(child, 'exit');
      child.kill('SIGINT');
      t.same(await ended, [0, null]);
      await t.rejects(fetch(url), 'the port is gone');
      await eventually('nothing stays open', () => kubelet.open === 0);
    });

    await t.test('access logs, through the API server', async (t) => {
      const line = (message: string) =>
        JSON.stringify({ time: new Date().toISOString(), level: 'info', target: 'access', message });
      kubelet.logs.set(`${SYSTEM}/ztunnel-1/ztunnel`, [line('connection complete'), 'something else']);
      const { stdout, stderr, code } = await run('logs', '-o', 'json');
      t.equal(code, 0, stderr);
      t.match(stdout, /"proxy":"ztunnel\/node-1"/);
      t.equal(stdout.trim().split('\n').length, 1);
    });

    await t.test('why and what if, of the objects of the cluster', async (t) => {
      await kubectl.must(['apply', '-f', '-'], listOf(SHOP));
      await runPod(kubectl, {
        namespace: 'shop',
        name: 'client',
        account: 'client',
        node: 'node-1',
        address: '10.8.1.3',
      });
      await runPod(kubectl, {
        namespace: 'shop',
        name: 'cart',
        account: 'cart',
        node: 'node-1',
        address: '10.8.1.2',
      });
      const explained = await run('explain', 'shop/client', 'shop/cart:8080', '-o', 'json');
      t.match(explained.stdout, '"verdict"', explained.stderr);
    });

    await t.test('a replica that is gone is found out, and another asked', async (t) => {
      await runPod(kubectl, {
        ...{ namespace: SYSTEM, name: 'controller-0', account: 'nodemesh-controller', node: 'node-1' },
        ...{ address: '10.8.0.9', labels: CONTROLLER_LABELS },
      });
      // It is ready as far as anybody was told, and nobody listens.
      const { code, stderr } = await run('proxies');
      t.equal(code, 0, stderr);
      const controllers = kubelet.forwarded.slice(-2);
      t.same(controllers, [`${SYSTEM}/controller-0:8080`, `${SYSTEM}/controller-1:8080`]);
      const only = await run('admin', 'ztunnel/node-1', '/healthz/ready');
      t.match(only.stderr, /forward port 15021 of pods nodemesh-system\/ztunnel-1: .*connection refused/);
      await kubectl.must(['delete', 'pod', 'controller-0', '-n', SYSTEM, '--force']);
    });

    await t.test('who may not do it is told which right is missing', async (t) => {
      await kubectl.must(['create', 'serviceaccount', 'viewer', '-n', 'default']);
      const token = await kubectl.must(['create', 'token', 'viewer', '-n', 'default']);
      const file = await kubeconfigWith(kubectl, t.testdir(), token.trim());
      const blind = await nodemesh(['stat', '--kubeconfig', file]);
      t.match(
        blind.stderr,
        /403 pods is forbidden[\s\S]*hint: +in namespace nodemesh-system this takes list on pods/,
      );
      await kubectl.must(['create', 'clusterrole', 'viewer', '--verb=list', '--resource=pods']);
      await kubectl.must(
        'create clusterrolebinding viewer --clusterrole=viewer --serviceaccount=default:viewer'.split(' '),
      );
      const canList = 'auth can-i list pods --as=system:serviceaccount:default:viewer'.split(' ');
      await eventually('the role is known', async () => (await kubectl(canList)).status === 0);
      const { code, stderr } = await nodemesh(['stat', '--kubeconfig', file]);
      t.equal(code, 1);
      t.match(stderr, /pods\/portforward[\s\S]*this takes get and create on pods\/portforward/);
      t.notMatch(stderr, /\n {4}at /);
    });

    await t.test('no controller that is ready, and no mesh at all, are told apart', async (t) => {
      const notReady = JSON.stringify({ status: { conditions: [{ type: 'Ready', status: 'False' }] } });
      await kubectl.must([
        ...[
          'patch',
          'pod',
          'controller-1',
          '-n',
          SYSTEM,
          '--subresource=status',
          '--type=merge',
          '-p',
          notReady,
        ],
      ]);
      t.match(
        (await run('stat')).stderr,
        /no pod of the controller is ready in namespace nodemesh-system: controller-1 is running/,
      );
      await kubectl.must(['delete', 'pod', 'controller-1', '-n', SYSTEM, '--force']);
      const { stderr } = await run('stat');
      t.match(
        stderr,
        /no pod of the controller is in namespace nodemesh-system\nhint: +is it the right cluster/,
      );
      t.match(
        (await run('stat', '--context', 'other')).stderr,
        /expected one of the contexts test, got "other"/,
      );
    });
    await controller.stop();
  },
);

const SHOP = [
  {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: 'shop', labels: { 'istio.io/dataplane-mode': 'ambient' } },
  },
  {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'cart', namespace: 'shop' },
    spec: { selector: { app: 'cart' }, ports: [{ name: 'http', port: 8080 }] },
  },
];
