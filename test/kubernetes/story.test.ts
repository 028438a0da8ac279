import { type Test, test } from 'tap';
import { enterSandbox } from '../support/netns.ts';
import { networkState } from '../support/network-state.ts';
import { startLoad } from '../ztunnel/support/load.ts';
import { openTestCgroups, type TestCgroups } from '../ztunnel/support/pod-cgroups.ts';
import { exchange, servePod } from '../ztunnel/support/programs.ts';
import { createTopology, type TestPod } from '../ztunnel/support/topology.ts';
import { tapWire } from '../ztunnel/support/wiretap.ts';
import { startController } from './support/controller-process.ts';
import { installMesh, kubeconfigWith, listOf, SYSTEM, tokenOf } from './support/installed-mesh.ts';
import { eventually, type Kubectl, kubectlOf } from './support/kubectl.ts';
import type { LogLine } from './support/nodemesh-process.ts';
import { needsOwnCluster, startOwnCluster } from './support/own-cluster.ts';
import { createPods } from './support/pods-on-nodes.ts';
import { startZtunnel } from './support/ztunnel-process.ts';

const PORT = 8080;
const VIP = '10.96.0.80';
const SECRET = 'card 4111 1111';
const ANSWER = { text: SECRET, how: 'end' };

if (await enterSandbox(import.meta.filename, { timeoutSeconds: 180 })) {
  const [cgroups, ...others] = openTestCgroups();
  for (const other of others) other.close();
  const skip = 'SKIPPED, NOT PASSED: no cgroups can be made on this machine';
  test(
    'a label puts running pods into the mesh and takes them out again: real API server, real controller, real ztunnels',
    cgroups === undefined ? { skip } : needsOwnCluster(),
    (t) => (cgroups === undefined ? undefined : tellStory(t, cgroups)),
  );
}

async function tellStory(t: Test, cgroups: TestCgroups): Promise<void> {
  t.teardown(() => cgroups.close());
  const topology = createTopology('zt');
  t.teardown(() => topology.close());
  const [one, two] = topology.nodes;
  const { kubeconfig } = await startOwnCluster(t);
  const kubectl = kubectlOf(kubeconfig);
  await installMesh(kubectl);
  const folder = t.testdir({});
  const token = await tokenOf(kubectl, { namespace: SYSTEM, account: 'nodemesh-controller' });
  const controller = await startController(t, {
    kubeconfig: await kubeconfigWith(kubectl, folder, token),
    name: 'controller-a',
  });
  await eventually('it leads', controller.leads);
  const [, inbound] = [
    await startZtunnel(t, kubectl, {
      node: one.name,
      controller: controller.grpc,
      folder,
      adminPort: 15_100,
    }),
    await startZtunnel(t, kubectl, {
      node: two.name,
      controller: controller.grpc,
      folder,
      adminPort: 15_200,
    }),
  ];

  const pods = createPods(t, kubectl, cgroups);
  const [cart, shopper] = [await pods.add(two, 'shop', 'cart'), await pods.add(one, 'shop', 'shopper')];
  const outside = await pods.add(one, 'elsewhere', 'outside');
  await kubectl.must(['apply', '-f', '-'], listOf(serviceOf(cart)));
  for (const pod of [cart, shopper, outside]) {
    const server = await servePod(pod, PORT, (socket) => void socket.pipe(socket));
    t.teardown(() => server.close());
  }
  const at = ({ v4 }: TestPod) => ({ address: v4, port: PORT });
  const asks = (pod = shopper, target = at(cart)) => exchange(pod, target, SECRET);
  const wireDuring = async (work: () => Promise<unknown>): Promise<string> => {
    const wire = tapWire(one);
    await work();
    return await wire.stop();
  };
  const asFound = [cart, shopper].map(({ netns }) => networkState(netns));
  t.match(await wireDuring(asks), SECRET, 'before the label the wire can be read');

  // The policy below is about calls to the cart: these two are never refused.
  const untouched = [startLoad(cart, at(shopper), 10), startLoad(cart, at(outside), 10)];
  let toCart = [startLoad(shopper, at(cart), 20), startLoad(outside, at(cart), 20)];
  await pause(500);
  await kubectl.must(['label', 'namespace', 'shop', 'istio.io/dataplane-mode=ambient']);
  await redirectionBecomes(kubectl, 'enabled');
  await pause(1_000);
  const since = inbound.log.length;
  const seen = await wireDuring(async () => t.same(await asks(), ANSWER, 'by address'));
  t.notMatch(seen, SECRET, 'nothing readable crosses the wire');
  t.match(
    inbound.log.slice(since).find(isAccess({ direction: 'inbound', 'src.workload': 'shopper' })),
    {
      'src.identity': 'spiffe://cluster.local/ns/shop/sa/shopper',
      'dst.identity': 'spiffe://cluster.local/ns/shop/sa/cart',
      'dst.hbone_addr': `${cart.v4}:15008`,
    },
    'both ends are known by certificate',
  );
  t.same(await asks(shopper, { address: VIP, port: 80 }), ANSWER, 'by service');
  t.same(await failuresOf(toCart), [], 'no request failed while they joined');

  await kubectl.must(['apply', '-f', '-'], JSON.stringify(ONLY_CHECKOUT));
  await eventually('the policy refuses', async () => (await asks()).how === 'reset');
  // Connections that were open when the policy came are ended by it, which is an error.
  const isRefusal = isAccess({ level: 'warn', direction: 'inbound', policy: 'shop/cart-from-checkout' });
  await eventually('the refusal is logged', () => inbound.log.some(isRefusal));
  t.match(
    inbound.log.find(isRefusal),
    REFUSED,
    'the refusal names the policy, who was refused, and what to do',
  );
  await kubectl.must(['delete', 'authorizationpolicy', 'cart-from-checkout', '-n', 'shop']);
  await eventually('who was refused is let in', async () => (await asks()).how === 'end');

  toCart = [startLoad(shopper, at(cart), 20), startLoad(outside, at(cart), 20)];
  await pause(500);
  await kubectl.must(['label', 'namespace', 'shop', 'istio.io/dataplane-mode-']);
  await redirectionBecomes(kubectl, '');
  await pause(1_000);
  t.same(await failuresOf([...toCart, ...untouched]), [], 'no request failed from beginning to end');
  // What was captured ends in peace first.
  const state = () => JSON.stringify([cart, shopper].map(({ netns }) => networkState(netns)));
  await eventually(
    'the pods’ namespaces are as they were found',
    () => state() === JSON.stringify(asFound),
    state,
  );
  t.match(await wireDuring(asks), SECRET, 'the wire can be read again');
}

function serviceOf({ v4, node }: TestPod): readonly object[] {
  const ports = [{ name: 'http', port: 80, targetPort: PORT, protocol: 'TCP' }];
  return [
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { namespace: 'shop', name: 'cart' },
      spec: { clusterIP: VIP, selector: { app: 'cart' }, ports },
    },
    {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { namespace: 'shop', name: 'cart-1', labels: { 'kubernetes.io/service-name': 'cart' } },
      addressType: 'IPv4',
      ports: [{ name: 'http', port: PORT, protocol: 'TCP' }],
      endpoints: [
        {
          addresses: [v4],
          nodeName: node,
          conditions: { ready: true, serving: true, terminating: false },
          targetRef: { kind: 'Pod', namespace: 'shop', name: 'cart' },
        },
      ],
    },
  ];
}

const ONLY_CHECKOUT = {
  apiVersion: 'security.istio.io/v1',
  kind: 'AuthorizationPolicy',
  metadata: { namespace: 'shop', name: 'cart-from-checkout' },
  spec: {
    selector: { matchLabels: { app: 'cart' } },
    action: 'ALLOW',
    rules: [{ from: [{ source: { principals: ['cluster.local/ns/shop/sa/checkout'] } }] }],
  },
};

const REFUSED = {
  level: 'warn',
  'src.identity': 'spiffe://cluster.local/ns/shop/sa/shopper',
  'error.code': 'ERR_ZTUNNEL_DENIED',
  'error.hint': /^add a rule to shop\/cart-from-checkout that allows principal .*\/shopper on port 8080$/,
  'refusal.id': /^ztunnel\/zt-node-2\//,
};

async function redirectionBecomes(kubectl: Kubectl, wanted: '' | 'enabled'): Promise<void> {
  const path = 'jsonpath={.items[*].metadata.annotations.ambient\\.istio\\.io/redirection}';
  const expected = wanted === '' ? '' : 'enabled enabled';
  let annotations = '';
  await eventually(
    `annotations: ${expected}`,
    async () => {
      annotations = await kubectl.must(['get', 'pods', '-n', 'shop', '-o', path]);
      return annotations === expected;
    },
    () => annotations,
  );
}

function isAccess(fields: Readonly<Record<string, string>>): (line: LogLine) => boolean {
  return (line) =>
    line.target === 'access' && Object.entries(fields).every(([name, value]) => line[name] === value);
}

async function failuresOf(loads: readonly ReturnType<typeof startLoad>[]): Promise<readonly string[]> {
  const results = await Promise.all(loads.map((load) => load.stop()));
  return results.flatMap(({ asked, failures }) =>
    asked > 10 ? failures : [...failures, `only ${asked} asked`],
  );
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
