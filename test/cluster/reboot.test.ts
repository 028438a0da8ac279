import { type Test, test } from 'tap';
import { eventually } from '../kubernetes/support/kubectl.ts';
import { enterSandbox } from '../support/netns.ts';
import { nodemeshOf } from './support/mesh.ts';
import { clusterImages } from './support/needs.ts';
import { answers, probedOn } from './support/node-state.ts';
import { startRealCluster } from './support/real-cluster.ts';
import { ASKS, askCart, deployment, openShop, rolledOut, SHOP, STRICT } from './support/shop.ts';
import { addressesOf, captured, capturedOn, firstTries, podsOf, startedAgain } from './support/shop-pods.ts';

if (await enterSandbox(import.meta.filename, { timeoutSeconds: 600 })) {
  const images = clusterImages();
  test('a node reboots, and its pods are in the mesh again before their first packet', images, (t) =>
    'skip' in images ? undefined : reboot(t, images.folder, images.mesh),
  );
}

async function reboot(t: Test, images: string, image: string): Promise<void> {
  const { kubectl, kubeconfig, nodes } = await startRealCluster(t, images);
  const [node] = nodes;
  if (node === undefined) throw new Error('a cluster without nodes');
  const nodemesh = nodemeshOf(kubeconfig);
  await kubectl.must(['apply', '--server-side', '-k', 'daemonset/istio-crds']);
  await openShop(kubectl, image);
  const installed = await nodemesh('install', '--image', image);
  t.equal(installed.code, 0, installed.output);
  await kubectl.must(['label', 'namespace', SHOP, 'istio.io/dataplane-mode=ambient']);
  await kubectl.must(['apply', '-f', '-'], JSON.stringify(STRICT));
  const early = deployment('early', { image, replicas: 4, program: 'server', before: ASKS });
  await kubectl.must(['apply', '-f', '-'], JSON.stringify(early));
  await rolledOut(kubectl, 'early');
  const all = (await podsOf(kubectl)).length;
  await eventually('all are in the mesh', async () => (await captured(kubectl)) === all);

  await node.reboot();
  await startedAgain(kubectl, node.name);
  const [address = ''] = await addressesOf(kubectl, 'cart');
  t.notOk(answers(nodes, address), 'a stranger is refused');
  t.match(await askCart(kubectl), /^200 cart-/);
  t.match(await firstTries(kubectl, node.name), /^[1 ]*$/, 'the first request of each was answered');
  t.same(probedOn(node), await capturedOn(kubectl, node.name), 'rules for probes name no other pods');
}
