import { type Test, test } from 'tap';
import { conformancePath } from '../support/conformance.ts';
import { eventually, type Kubectl } from '../kubernetes/support/kubectl.ts';
import { enterSandbox } from '../support/netns.ts';
import { nodemeshOf } from './support/mesh.ts';
import { clusterImages } from './support/needs.ts';
import { answers, stateOf } from './support/node-state.ts';
import { startRealCluster } from './support/real-cluster.ts';
import { ASKS, askCart, deployment, openShop, rolledOut, SHOP, STRICT } from './support/shop.ts';
import { addressesOf, captured, firstTries, notReady, podsOf, steadily } from './support/shop-pods.ts';

const SYSTEM = 'nodemesh-system';
const PROXIES = ['ztunnel/node-1', 'ztunnel/node-2', 'waypoint/shop/'];

if (await enterSandbox(import.meta.filename, { timeoutSeconds: 840 })) {
  const images = clusterImages();
  test('a mesh on a whole cluster, from its installation to its end', images, (t) =>
    'skip' in images ? undefined : tellStory(t, images.folder, images.mesh),
  );
}

async function tellStory(t: Test, images: string, image: string): Promise<void> {
  const cluster = await startRealCluster(t, images);
  const { kubectl, kubeconfig, nodes } = cluster;
  const nodemesh = nodemeshOf(kubeconfig);
  const well = async (t: Test, ...parameters: readonly string[]): Promise<string> => {
    const { code, output } = await nodemesh(...parameters);
    t.equal(code, 0, `nodemesh ${parameters.join(' ')}: ${code === 0 ? 'well' : output}`);
    return output;
  };
  const failures = steadily(kubectl);
  for (const where of [
    ['-f', conformancePath('gateway-api/crd/standard')],
    ['-k', 'daemonset/istio-crds'],
  ])
    await kubectl.must(['apply', '--server-side', ...where]);
  await openShop(kubectl, image);
  const asFound = nodes.map((node) => stateOf(node));

  await t.test('install puts it on every node, and says that all is well', async (t) => {
    const output = await well(t, 'install', '--image', image);
    t.match(output, /✓ ztunnels: ready on all 2 nodes/);
    t.match(output, /✓ controller: 2 replicas run/);
    t.match(output, /0 wrong/);
  });

  await t.test(
    'a label takes running pods in, and no request and no connection of theirs fails',
    async (t) => {
      const before = await podsOf(kubectl);
      await kubectl.must(['label', 'namespace', SHOP, 'istio.io/dataplane-mode=ambient']);
      await eventually('all are in the mesh', async () => (await captured(kubectl)) === before.length);
      await eventually('the tunnel of a request', async () => {
        await askCart(kubectl);
        return (await accessLogs(kubectl)).some(
          (line) => line.includes(':15008') && line.includes('spiffe://cluster.local/ns/shop/sa/default'),
        );
      });
      t.same(await podsOf(kubectl), before, 'the same pods, none was started again');
      await failures.none(t);
    },
  );

  await t.test(
    'under STRICT the kubelet goes on probing, a stranger is refused, and the mesh is not',
    async (t) => {
      await kubectl.must(['apply', '-f', '-'], JSON.stringify(STRICT));
      const [address = ''] = await addressesOf(kubectl, 'cart');
      await eventually('a stranger is refused', () => !answers(nodes, address));
      await new Promise((resolve) => setTimeout(resolve, 5_000));
      t.equal(await notReady(kubectl), 0, 'probes of the kubelet pass');
      t.match(await askCart(kubectl), /^200 cart-/);
      await failures.none(t);
    },
  );

  await t.test('a new pod is in the mesh before its first packet', async (t) => {
    const early = deployment('early', { image, replicas: 4, program: 'server', before: ASKS });
    await kubectl.must(['apply', '-f', '-'], JSON.stringify(early));
    await rolledOut(kubectl, 'early');
    t.equal(await firstTries(kubectl), '0 0 0 0', 'the first request of each was answered');
  });

  await t.test('what a node runs beside its pods is killed, and nobody notices', async (t) => {
    const before = await podsOf(kubectl, 'app in (cart,load)');
    for (const program of ['containerd', 'kubelet', 'kube-proxy'] as const)
      for (const node of nodes) node.kill(program);
    const log = ['logs', '-n', SHOP, 'deployment/load', '--tail=1'];
    await eventually('the kubelet answers', async () => (await kubectl(log)).status === 0);
    await failures.none(t);
    await kubectl.must(['scale', '-n', SHOP, 'deployment/early', '--replicas=5']);
    await rolledOut(kubectl, 'early');
    t.same(await podsOf(kubectl, 'app in (cart,load)'), before, 'no pod was started again');
    await failures.none(t);
  });

  await t.test('a waypoint is deployed by one command, and its policy holds for requests', async (t) => {
    await well(t, 'waypoint', 'apply', '-n', SHOP, '--enroll-namespace', '--wait');
    await kubectl.must(['apply', '-f', '-'], JSON.stringify(allowed(['GET'])));
    await eventually('POST is refused', async () => (await askCart(kubectl, 'POST')).startsWith('403'));
    t.match(await askCart(kubectl), /^200 cart-/);
    const wrong = await kubectl(['apply', '-f', '-'], JSON.stringify(allowed(['GET'], 'no address')));
    t.not(wrong.status, 0);
    t.match(wrong.output, /admission webhook "validation.nodemesh.io" denied the request: NM0023/);
    await failures.none(t);
  });

  await t.test('ztunnels and controllers are replaced, and nobody notices', async (t) => {
    await kubectl.must(['rollout', 'restart', '-n', SYSTEM, 'daemonset/ztunnel']);
    await kubectl.must(['rollout', 'restart', '-n', SYSTEM, 'deployment/nodemesh-controller']);
    const generation = 'metadata.generation';
    t.match(
      await kubectl.must(['get', 'ds', 'ztunnel', '-n', SYSTEM, '-o', `jsonpath={.${generation}}`]),
      '2',
    );
    await well(t, 'install', '--image', image);
    // A leader that ends is followed by another within seconds.
    await eventually('all is well', async () => (await nodemesh('check')).code === 0);
    t.match(await well(t, 'check'), /✓ ztunnels: ready on all 2 nodes/);
    await failures.none(t);
  });

  await t.test('every controller tells of the whole mesh', async (t) => {
    for (const { metadata } of await controllerPods(kubectl)) {
      let output = '';
      // They have just been replaced, and each has its own proxies back sooner than the others' reports.
      await eventually(
        `${metadata.name} knows all`,
        async () => {
          output = await proxiesOf(kubectl, metadata.name);
          return PROXIES.every((proxy) => output.includes(proxy)) && !output.includes('"gone"');
        },
        () => output,
      );
    }
    const { output } = await nodemesh('proxies');
    for (const proxy of PROXIES) t.match(output, proxy);
    await well(t, 'proxies');
  });

  await t.test('without a ztunnel nothing is sent in clear text, and new pods wait for it', async (t) => {
    const nowhere = { spec: { template: { spec: { nodeSelector: { no: 'node' } } } } };
    await kubectl.must(['patch', 'ds', 'ztunnel', '-n', SYSTEM, '-p', JSON.stringify(nowhere)]);
    await kubectl.must([
      ...['delete', 'pods', '-n', SYSTEM, '-l', 'app.kubernetes.io/component=ztunnel'],
      ...['--force', '--grace-period=0'],
    ]);
    t.notMatch(await askCart(kubectl), /^200/);
    await kubectl.must(['scale', '-n', SHOP, 'deployment/early', '--replicas=6']);
    await eventually('an event says why', async () =>
      (await kubectl.must(['get', 'events', '-n', SHOP])).includes(
        'the ztunnel of this node is not running; new pods wait for it',
      ),
    );
    await well(t, 'install', '--image', image);
    await rolledOut(kubectl, 'early');
    t.match(await askCart(kubectl), /^200 cart-/);
    await failures.forgive();
  });

  await t.test('uninstall leaves the pods, and nothing on any node', async (t) => {
    await kubectl.must(['delete', '-f', '-'], JSON.stringify(allowed(['GET'])));
    const before = await podsOf(kubectl, 'app in (cart,load)');
    await well(t, 'uninstall', '--unenrol', '--crds');
    await failures.none(t);
    t.same(await podsOf(kubectl, 'app in (cart,load)'), before, 'the same pods, none was started again');
    t.equal(await captured(kubectl), 0);
    t.match(await askCart(kubectl), /^200 cart-/);
    t.same(
      nodes.map((node) => stateOf(node)),
      asFound,
      'nodes are as they were found',
    );
    t.equal((await kubectl(['get', 'namespace', SYSTEM])).status, 1);
  });
}

async function accessLogs(kubectl: Kubectl): Promise<readonly string[]> {
  const lines = await kubectl.must([
    ...['logs', '-n', SYSTEM, '-l', 'app.kubernetes.io/component=ztunnel', '-c', 'ztunnel', '--tail=2000'],
  ]);
  return lines.split('\n').filter((line) => line.includes('"access"'));
}

async function controllerPods(
  kubectl: Kubectl,
): Promise<readonly { readonly metadata: { readonly name: string } }[]> {
  const { items } = await kubectl.get(
    ...['pods', '-n', SYSTEM, '-l', 'app.kubernetes.io/component=controller'],
    ...['--field-selector', 'status.phase=Running'],
  );
  const pods = items as readonly {
    readonly metadata: { readonly name: string; readonly deletionTimestamp?: string };
  }[];
  return pods.filter(({ metadata: { deletionTimestamp } }) => deletionTimestamp === undefined);
}

/** What one controller says of the proxies of the mesh. */
async function proxiesOf(kubectl: Kubectl, pod: string): Promise<string> {
  const program = "fetch('http://127.0.0.1:8080/api/v1/proxies').then((r) => r.text()).then(console.log)";
  const { output } = await kubectl(['exec', '-n', SYSTEM, pod, '--', 'node', '-e', program]);
  return output;
}

/** Of requests to the cart, these methods and no others; with an address that none can have, one that nobody can mean. */
function allowed(methods: readonly string[], address?: string): object {
  const from = address === undefined ? {} : { from: [{ source: { ipBlocks: [address] } }] };
  return {
    apiVersion: 'security.istio.io/v1',
    kind: 'AuthorizationPolicy',
    metadata: { name: 'methods', namespace: SHOP },
    spec: {
      targetRefs: [{ kind: 'Service', group: '', name: 'cart' }],
      action: 'ALLOW',
      rules: [{ ...from, to: [{ operation: { methods } }] }],
    },
  };
}
