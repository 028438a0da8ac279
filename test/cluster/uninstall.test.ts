import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { type Test, test } from 'tap';
import { conformancePath } from '../support/conformance.ts';
import { eventually, type Kubectl } from '../kubernetes/support/kubectl.ts';
import { enterSandbox } from '../support/netns.ts';
import { nodemeshOf } from './support/mesh.ts';
import { clusterImages } from './support/needs.ts';
import { stateOf } from './support/node-state.ts';
import { startRealCluster } from './support/real-cluster.ts';
import { deployment, loadSeen, openShop, rolledOut, SHOP, spreadOver } from './support/shop.ts';
import { captured, podsOf, steadily } from './support/shop-pods.ts';

const SYSTEM = 'nodemesh-system';
const OUT = ['uninstall', '--unenrol', '--timeout', '60s'] as const;

if (await enterSandbox(import.meta.filename, { timeoutSeconds: 840 })) {
  const images = clusterImages();
  test('a mesh is taken out while a connection is held that nobody ends', images, (t) =>
    'skip' in images ? undefined : takeOut(t, images.folder, images.mesh),
  );
}

async function takeOut(t: Test, images: string, image: string): Promise<void> {
  const { kubectl, kubeconfig, nodes } = await startRealCluster(t, images);
  const nodemesh = nodemeshOf(kubeconfig);
  const failures = steadily(kubectl);
  await kubectl.must(['apply', '--server-side', '-f', conformancePath('gateway-api/crd/standard')]);
  await kubectl.must(['apply', '--server-side', '-k', 'daemonset/istio-crds']);
  await openShop(kubectl, image);
  const asFound = nodes.map((node) => stateOf(node));
  const join = async (): Promise<void> => {
    const installed = await nodemesh('install', '--image', image);
    t.equal(installed.code, 0, installed.code === 0 ? 'it is installed' : installed.output);
    await kubectl.must(['label', 'namespace', SHOP, 'istio.io/dataplane-mode=ambient']);
    const pods = await podsOf(kubectl);
    await eventually('all are in the mesh', async () => (await captured(kubectl)) === pods.length);
  };
  const start = async (name: string, program: string, replicas: number): Promise<void> => {
    const wish = { image, replicas, program, spread: spreadOver(name) };
    await kubectl.must(['apply', '-f', '-'], JSON.stringify(deployment(name, wish)));
    await rolledOut(kubectl, name);
  };
  const held = async (t: Test): Promise<void> => {
    const { echoed } = await loadSeen(kubectl, 'holder');
    await eventually('it is heard again', async () => (await loadSeen(kubectl, 'holder')).echoed > echoed);
    t.equal((await loadSeen(kubectl, 'holder')).held, 'open');
  };
  await join();
  // It begins in the mesh, so that ztunnels carry what it holds.
  await start('holder', 'load', 1);

  await t.test('its time is over: the connection lives, and pods start on every node', async (t) => {
    const { code, output } = await nodemesh(...OUT);
    t.equal(code, 1);
    t.match(output, /✓ on every node new pods start without the mesh/);
    t.match(output, /waited 60 s until no ztunnel runs any more: [12] pods? (is|are) ending/);
    t.match(output, /new pods start meanwhile[\s\S]*; done; then run this again/);
    await start('late', 'server', 2);
    t.equal(await captured(kubectl), 0);
    for (const node of nodes) t.notMatch(stateOf(node), { chain: /nodemesh/ }, node.name);
    await held(t);
    await failures.none(t);
  });

  await t.test('installed again meanwhile, it takes in running pods and new ones', async (t) => {
    await join();
    t.equal(await leftOf(kubectl), '', 'nothing works against it');
    await start('later', 'server', 2);
    t.equal(await captured(kubectl), (await podsOf(kubectl)).length);
    for (const node of nodes) t.match(stateOf(node), { chain: /nodemesh/ }, node.name);
    t.equal((await nodemesh('check')).code, 0);
    await held(t);
    await failures.none(t);
  });

  await t.test('cut as the hint says, it comes to its end, and nodes are as they were found', async (t) => {
    const again = await nodemesh(...OUT);
    t.match(again.output, 'until no ztunnel runs any more', 'it waits again');
    await held(t);
    const [, cut = ''] = /to cut them: (for .*; done);/.exec(again.output) ?? [];
    const env = { ...process.env, KUBECONFIG: kubeconfig };
    // What runs in a container may end with it, before it has said how.
    await promisify(execFile)('sh', ['-c', `${cut}; true`], { env, timeout: 120_000 });
    const { code, output } = await nodemesh(...OUT, '--crds');
    t.equal(code, 0, code === 0 ? 'it is out' : output);
    t.same(
      nodes.map((node) => stateOf(node)),
      asFound,
    );
    t.equal((await kubectl(['get', 'namespace', SYSTEM])).status, 1);
    t.equal(await captured(kubectl), 0);
    const { answered } = await loadSeen(kubectl);
    await eventually('it is answered', async () => (await loadSeen(kubectl)).answered > answered + 20);
  });
}

/** What an uninstall has left, pods among it. */
async function leftOf(kubectl: Kubectl): Promise<string> {
  const select = ['-l', 'app.kubernetes.io/component in (clean-up, clean-up-cni)', '-o', 'name'];
  return (await kubectl.must(['get', 'daemonsets,pods,configmaps', '-n', SYSTEM, ...select])).trim();
}
