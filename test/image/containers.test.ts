import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Test, test } from 'tap';
import { defaultSettings } from '../../src/cli/install/objects/settings.ts';
import { cleanUpObject, pluginRemoverOf } from '../../src/cli/install/uninstall/clean-up-objects.ts';
import { installMesh } from '../kubernetes/support/installed-mesh.ts';
import { eventually, type Kubectl, kubectlOf } from '../kubernetes/support/kubectl.ts';
import { needsOwnCluster, startOwnCluster } from '../kubernetes/support/own-cluster.ts';
import { createPods } from '../kubernetes/support/pods-on-nodes.ts';
import { rootsOf } from '../kubernetes/support/ztunnel-process.ts';
import { enterSandbox } from '../support/netns.ts';
import { networkState } from '../support/network-state.ts';
import { openTestCgroups, type TestCgroups } from '../ztunnel/support/pod-cgroups.ts';
import { exchange, servePod } from '../ztunnel/support/programs.ts';
import { capabilitiesOf } from './support/container/oci-spec.ts';
import type { PodSpec } from './support/container/pod-spec.ts';
import type { Container } from './support/container/run-container.ts';
import { builtImage, needsImage } from './support/image.ts';
import { createOwnNode, mountCgroups, serveApiService } from './support/node.ts';
import { placePod, podSpecOf, type World } from './support/pods.ts';

const PORT = 8080;
const ANSWER = { text: 'card 4111 1111', how: 'end' };
/** What the node had before us. */
const NETWORK = '{"cniVersion":"1.0.0","name":"pods","plugins":[{"type":"bridge"}]}\n';
const CONTROLLER_NAMES = 'nodemesh-controller.nodemesh-system.svc nodemesh-controller.nodemesh-system';

if (await enterSandbox(import.meta.filename, { timeoutSeconds: 300 })) {
  mountCgroups();
  const [cgroups] = openTestCgroups();
  const noCgroups = { skip: 'SKIPPED, NOT PASSED: no cgroups can be made on this machine' };
  const needs = cgroups === undefined ? noCgroups : { ...needsOwnCluster(), ...needsImage() };
  test('containers of the image, as the manifests have them', needs, (t) =>
    cgroups === undefined ? undefined : runContainers(t, cgroups),
  );
}

async function runContainers(t: Test, cgroups: TestCgroups): Promise<void> {
  t.teardown(() => cgroups.close());
  const world = await furnish(t);
  const { kubectl, host } = world;

  const controllerPod = await placePod(world, {
    name: 'nodemesh-controller-0',
    account: 'nodemesh-controller',
    spec: await podSpecOf(kubectl, 'deployment', 'nodemesh-controller'),
    files: {},
    hosts: [],
  });
  const controller = controllerPod.run(t, 'controller');
  const hosts = [`${controllerPod.place.v4} ${CONTROLLER_NAMES}`];
  await t.test('the controller serves, without user 0, capabilities or a place to write', async (t) => {
    await ready(controller, `http://${controllerPod.place.v4}:15014/healthz/ready`);
    isConfined(t, controller, await podSpecOf(kubectl, 'deployment', 'nodemesh-controller'), 'controller');
    await eventually(
      'it leads',
      () => said(controller, 'this replica leads'),
      () => controller.lines.slice(-5),
    );
  });

  const roots = { 'root-cert.pem': await rootsOf(kubectl) };
  const daemonSet = await podSpecOf(kubectl, 'daemonset', 'ztunnel');
  const nodePod = await placePod(world, {
    name: 'ztunnel-abcde',
    account: 'ztunnel',
    spec: daemonSet,
    files: { roots },
    hosts,
  });

  const plugins = nodePod.run(t, 'cni');
  const chain = join(host, 'etc/cni/net.d/10-pods.conflist');
  const plugin = join(host, 'opt/cni/bin/nodemesh-cni');
  await t.test('the plugin’s container puts it into the node’s chain, without any capability', async (t) => {
    await eventually(
      'the chain',
      () => readFileSync(chain, 'utf8').includes('nodemesh-cni'),
      () => plugins.lines,
    );
    isConfined(t, plugins, daemonSet, 'cni');
    t.same(
      readFileSync(plugin),
      readFileSync(join(world.image.root, 'usr/local/lib/nodemesh/nodemesh-cni')),
      'the program',
    );
    t.equal(statSync(plugin).mode & 0o777, 0o755);
  });

  const pods = createPods(t, kubectl, cgroups);
  const [cart, shopper] = [
    await pods.add(world.node, 'shop', 'cart'),
    await pods.add(world.node, 'shop', 'shopper'),
  ];
  for (const pod of [cart, shopper]) {
    const server = await servePod(pod, PORT, (socket) => void socket.pipe(socket));
    t.teardown(() => server.close());
  }
  const asks = () => exchange(shopper, { address: cart.v4, port: PORT }, ANSWER.text);
  const asFound = [cart, shopper].map(({ netns }) => networkState(netns));
  const ztunnel = nodePod.run(t, 'ztunnel');
  await t.test('the ztunnel captures a pod, carries its connections, and lets it go', async (t) => {
    await ready(ztunnel, `http://${nodePod.place.v4}:15021/healthz/ready`);
    isConfined(t, ztunnel, daemonSet, 'ztunnel');
    await label(kubectl, 'istio.io/dataplane-mode=ambient', ztunnel);
    const since = ztunnel.lines.length;
    // The annotations say that others may send to them by HBONE; their own rules follow.
    await eventually('a connection in the mesh', async () => {
      t.same(await asks(), ANSWER);
      return accessOf(ztunnel, since, 'inbound') !== undefined;
    });
    t.match(accessOf(ztunnel, since, 'inbound'), {
      'src.identity': 'spiffe://cluster.local/ns/shop/sa/shopper',
      'dst.identity': 'spiffe://cluster.local/ns/shop/sa/cart',
      'dst.hbone_addr': `${cart.v4}:15008`,
    });
    await label(kubectl, 'istio.io/dataplane-mode-', ztunnel);
    t.same(await asks(), ANSWER);
    // What was captured ends in peace first.
    const state = () => JSON.stringify([cart, shopper].map(({ netns }) => networkState(netns)));
    await eventually(
      'their namespaces are as they were found',
      () => state() === JSON.stringify(asFound),
      state,
    );
  });

  await t.test('a waypoint serves, without user 0, capabilities or a place to write', async (t) => {
    await kubectl.must(['apply', '-f', '-'], JSON.stringify(GATEWAY));
    await eventually(
      'the deployment',
      async () => (await kubectl(['get', 'deployment', 'waypoint', '-n', 'shop'])).status === 0,
      () => controller.lines.slice(-5),
    );
    const spec = await podSpecOf(kubectl, 'deployment', 'waypoint', 'shop');
    const options = {
      name: 'waypoint-0',
      namespace: 'shop',
      account: 'waypoint',
      spec,
      files: { roots },
      hosts,
    };
    const pod = await placePod(world, options);
    const waypoint = pod.run(t, 'waypoint');
    await ready(waypoint, `http://${pod.place.v4}:15021/healthz/ready`);
    isConfined(t, waypoint, spec, 'waypoint');
    t.equal(await waypoint.stop(), 0, waypoint.lines.slice(-5).join('\n'));
  });

  await t.test('what keeps the plugin out does so against what puts it back', async (t) => {
    const remover = await removePlugin(world);
    const staying = remover.run(t, 'stays-out');
    await eventually(
      'it is out, and put back, and out again',
      () => staying.lines.filter((line) => line.startsWith('took the plugin out')).length > 1,
      () => staying.lines,
    );
    isConfined(t, staying, remover.spec, 'stays-out');
    t.equal(await staying.stop(), 0, staying.lines.slice(-5).join('\n'));
    await eventually('it is back', () => readFileSync(chain, 'utf8').includes('nodemesh-cni'));
  });

  await t.test('what cleans a node up takes off it what was left by a ztunnel that did not', async (t) => {
    await label(kubectl, 'istio.io/dataplane-mode=ambient', ztunnel);
    t.equal(await plugins.stop(), 0, plugins.lines.slice(-5).join('\n'));
    t.match(readFileSync(chain, 'utf8'), 'nodemesh-cni', 'the plugin stays for the next one');
    await ztunnel.kill();
    const cleaning = await cleanUp(world);
    for (const { name } of cleaning.spec.initContainers ?? []) {
      const worker = cleaning.run(t, name);
      t.equal(await worker.ended, 0, `${name}: ${worker.lines.join('\n')}`);
    }
    t.equal(readFileSync(chain, 'utf8'), NETWORK, 'the chain is as it was');
    t.notOk(existsSync(plugin), 'the plugin is gone');
    t.notOk(existsSync(join(host, 'var/run/nodemesh')), 'the folder is gone');
    t.same(
      [cart, shopper].map(({ netns }) => networkState(netns)),
      asFound,
    );
    const waiter = cleaning.run(t, 'done');
    await eventually(
      'it waits',
      () => isRunning(waiter),
      () => waiter.lines,
    );
  });

  await t.test('the controller ends when it is told to', async (t) => {
    t.equal(await controller.stop(), 0, controller.lines.slice(-5).join('\n'));
  });
}

/** A cluster with the mesh's objects, and this sandbox as its node. */
async function furnish(t: Test): Promise<World> {
  const cluster = await startOwnCluster(t);
  const kubectl = kubectlOf(cluster.kubeconfig);
  await installMesh(kubectl);
  const node = createOwnNode(t);
  await serveApiService(t, cluster.server);
  const folder = t.testdir({});
  const host = join(folder, 'host');
  for (const path of ['etc/cni/net.d', 'var/run']) mkdirSync(join(host, path), { recursive: true });
  writeFileSync(join(host, 'etc/cni/net.d/10-pods.conflist'), NETWORK);
  return { image: builtImage(), cluster, kubectl, node, host, folder };
}

function cleanUp(world: World) {
  return placeClean(world, 'nodemesh-clean-up-0', cleanUpObject(defaultSettings('0.1.0')));
}

function removePlugin(world: World) {
  const remover = pluginRemoverOf(cleanUpObject(defaultSettings('0.1.0')));
  if (remover === undefined) throw new Error('by default there is a plugin, and something that removes it');
  return placeClean(world, 'nodemesh-clean-up-cni-0', remover);
}

async function placeClean(world: World, name: string, daemonSet: object) {
  const {
    spec: {
      template: { spec },
    },
  } = daemonSet as { readonly spec: { readonly template: { readonly spec: PodSpec } } };
  const pod = await placePod(world, { name, account: 'ztunnel', spec, files: {}, hosts: [] });
  return { ...pod, spec };
}

/** What the kernel says of the process is what the manifest asks for. */
function isConfined(t: Test, container: Container, pod: PodSpec, name: string): void {
  const { securityContext: own } = pod.containers.find((one) => one.name === name) ?? {};
  const security = { ...pod.securityContext, ...own };
  const { CapBnd, CapEff, NoNewPrivs, Seccomp, Uid } = container.status();
  const granted = capabilitiesOf(security).size;
  const count = (mask = ''): number => BigInt(`0x${mask}`).toString(2).replaceAll('0', '').length;
  t.equal(count(CapBnd), granted, `${name}: as many capabilities as it was given`);
  t.equal(count(CapEff), security.runAsUser === 0 ? granted : 0, `${name}: and no other in effect`);
  t.equal(NoNewPrivs, '1', `${name}: it gains none`);
  t.equal(Seccomp, '2', `${name}: it is filtered`);
  t.match(Uid, new RegExp(`^${security.runAsUser}\\b`), `${name}: its user`);
  t.equal(security.readOnlyRootFilesystem, true, `${name}: its root is read-only`);
}

async function ready(container: Container, url: string): Promise<void> {
  await eventually(
    url,
    async () => {
      if (container.hasEnded()) throw new Error(`it has ended: ${container.lines.slice(-10).join('\n')}`);
      try {
        return (await fetch(url, { signal: AbortSignal.timeout(2_000) })).ok;
      } catch {
        return false; // not yet
      }
    },
    () => container.lines.slice(-10).join('\n'),
  );
}

async function label(kubectl: Kubectl, change: string, ztunnel: Container): Promise<void> {
  await kubectl.must(['label', 'namespace', 'shop', change]);
  const path =
    'jsonpath={.items[?(@.spec.nodeName=="node-1")].metadata.annotations.ambient\\.istio\\.io/redirection}';
  const wanted = change.endsWith('-') ? '' : 'enabled enabled';
  const select = ['-l', 'app in (cart, shopper)', '-o', path];
  await eventually(
    `annotations: ${wanted}`,
    async () => (await kubectl.must(['get', 'pods', '-n', 'shop', ...select])) === wanted,
    () => ztunnel.lines.slice(-10).join('\n'),
  );
}

function linesOf({ lines }: Container, since = 0): readonly Readonly<Record<string, unknown>>[] {
  return lines
    .slice(since)
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>);
}

function said(container: Container, message: string): boolean {
  return linesOf(container).some((line) => line.message === message);
}

function accessOf(container: Container, since: number, direction: string) {
  return linesOf(container, since).find((line) => line.target === 'access' && line.direction === direction);
}

function isRunning(container: Container): boolean {
  try {
    return (container.status().State ?? '').startsWith('S');
  } catch {
    return false; // not yet
  }
}

const GATEWAY = {
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'Gateway',
  metadata: { name: 'waypoint', namespace: 'shop' },
  spec: {
    gatewayClassName: 'nodemesh-waypoint',
    listeners: [{ name: 'mesh', port: 15_008, protocol: 'HBONE' }],
  },
};
