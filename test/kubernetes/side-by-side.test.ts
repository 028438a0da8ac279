import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { type Test, test } from 'tap';
import { conformancePath } from '../support/conformance.ts';
import { enterSandbox } from '../support/netns.ts';
import { openTestCgroups, type TestCgroups } from '../ztunnel/support/pod-cgroups.ts';
import { exchange, servePod } from '../ztunnel/support/programs.ts';
import { createTopology, type TestPod } from '../ztunnel/support/topology.ts';
import { startController } from './support/controller-process.ts';
import { kubeconfigWith, SYSTEM, tokenOf } from './support/installed-mesh.ts';
import { startIstio } from './support/istio-stand-in.ts';
import { eventually, type Kubectl, kubectlOf } from './support/kubectl.ts';
import { needsOwnCluster, startOwnCluster } from './support/own-cluster.ts';
import { createPods } from './support/pods-on-nodes.ts';
import { startZtunnel } from './support/ztunnel-process.ts';

const PORT = 8080;
const ANSWER = { text: 'hello', how: 'end' };
const DOC = readFileSync('docs/moving-from-istio.md', 'utf8');

if (await enterSandbox(import.meta.filename, { timeoutSeconds: 240 })) {
  const [cgroups, ...others] = openTestCgroups();
  for (const other of others) other.close();
  const skip = 'SKIPPED, NOT PASSED: no cgroups can be made on this machine';
  test(
    'a namespace moves from Istio to us and back as docs/moving-from-istio.md tells it: real API server, real pods',
    cgroups === undefined ? { skip } : needsOwnCluster(),
    (t) => (cgroups === undefined ? undefined : move(t, cgroups)),
  );
}

async function move(t: Test, cgroups: TestCgroups): Promise<void> {
  t.teardown(() => cgroups.close());
  const topology = createTopology('zt');
  t.teardown(() => topology.close());
  const [node] = topology.nodes;
  const { kubeconfig } = await startOwnCluster(t);
  const kubectl = kubectlOf(kubeconfig);
  for (const where of [
    ['-f', conformancePath('gateway-api/crd/standard')],
    ['-k', 'daemonset/istio-crds'],
  ])
    await kubectl.must(['apply', '--server-side', ...where]);
  await kubectl.must(['wait', '--for=condition=Established', '--timeout=60s', 'crd', '--all']);

  // Istio has the namespace.
  const istio = await startIstio(t, kubectl, { node: node.name, adminPort: 15_300 });
  const pods = createPods(t, kubectl, cgroups);
  const [cart, shopper] = [await pods.add(node, 'shop', 'cart'), await pods.add(node, 'shop', 'shopper')];
  const outside = await pods.add(node, 'elsewhere', 'outside');
  for (const pod of [cart, shopper]) {
    const server = await servePod(pod, PORT, (socket) => void socket.pipe(socket));
    t.teardown(() => server.close());
  }
  const ask = (from: TestPod) => exchange(from, { address: cart.v4, port: PORT }, 'hello');
  await kubectl.must(['label', 'namespace', 'shop', 'istio.io/dataplane-mode=ambient']);
  istio.watch(cart, { namespace: 'shop', name: 'cart' });
  istio.watch(shopper, { namespace: 'shop', name: 'shopper' });
  await eventually('Istio has both', () => istio.captured.size === 2);
  t.same(await ask(shopper), ANSWER, 'through Istio');

  // `nodemesh install`, without the flag and with it.
  const install = (...flags: readonly string[]) => run(kubeconfig, ['install', '--no-wait', ...flags]);
  t.match(await install(), { code: 1, text: /both would capture namespace shop/ });
  const installed = await install('--side-by-side');
  t.equal(installed.code, 0, installed.text);
  const folder = t.testdir({});
  const controller = await startController(t, {
    kubeconfig: await kubeconfigWith(
      kubectl,
      folder,
      await tokenOf(kubectl, { namespace: SYSTEM, account: 'nodemesh-controller' }),
    ),
    name: 'controller-a',
    flags: ['--side-by-side'],
  });
  await eventually('it leads', controller.leads);
  const ours = await startZtunnel(t, kubectl, {
    ...{ node: node.name, controller: controller.grpc, folder, adminPort: 15_100 },
    flags: ['--side-by-side'],
  });
  t.match(rulesOf(cart), /ISTIO_OUTPUT/);
  t.notMatch(rulesOf(cart), /NODEMESH/, 'it joins nobody');

  // Labelled for both: Istio keeps its pods, and we say so.
  await kubectl.must(['label', 'namespace', 'shop', 'nodemesh.io/dataplane-mode=ambient']);
  let condition = '';
  await eventually(
    'Istio’s annotation is named',
    async () => {
      condition = await conditionOf(kubectl);
      return /CAPTURED_BY_ANOTHER.*Istio has captured it/.test(condition);
    },
    () => `${condition} ${JSON.stringify(controller.log.slice(-8))} ${JSON.stringify(ours.log.slice(-8))}`,
  );
  t.match(
    await kubectl.must(['get', 'events', '-n', 'shop']),
    /EnrolmentFailed +pod\/cart +ERR_ZTUNNEL_CAPTURED_BY_ANOTHER/,
  );
  t.notMatch(rulesOf(cart), /NODEMESH/);
  t.same(await ask(shopper), ANSWER, 'still through Istio');
  const analysed = await run(kubeconfig, ['analyze', '--level', 'error']);
  t.match(analysed.text, /error NM0063 Pod shop\/cart/);

  // The one command of the page.
  await shell(kubectl, 'label namespace shop nodemesh.io/dataplane-mode=ambient');
  await shows(kubectl, ['cart|<none>|enabled', 'shopper|<none>|enabled']);
  t.match(rulesOf(cart), /NODEMESH_OUTPUT/);
  t.notMatch(rulesOf(cart), /ISTIO_/);
  t.same(await ask(shopper), ANSWER, 'through us');
  t.same(await ask(outside), ANSWER, 'and from outside');
  t.match(await conditionOf(kubectl), /^True/);

  // And back.
  await shell(kubectl, 'label namespace shop nodemesh.io/dataplane-mode=none');
  await shows(kubectl, ['cart|<none>|<none>', 'shopper|<none>|<none>']);
  await eventually('nothing of ours is in them', () =>
    [cart, shopper].every((pod) => !/NODEMESH/.test(rulesOf(pod))),
  );
  await shell(kubectl, 'label namespace shop istio.io/dataplane-mode=ambient');
  await shows(kubectl, ['cart|enabled|<none>', 'shopper|enabled|<none>']);
  t.match(rulesOf(cart), /ISTIO_OUTPUT/);
  t.notMatch(rulesOf(cart), /NODEMESH/);
  t.same(await ask(shopper), ANSWER, 'through Istio again');
}

/** The command of the page that begins so after `kubectl`, as a shell takes it. */
async function shell(kubectl: Kubectl, beginning: string): Promise<string> {
  const line = DOC.split('\n').find((one) => one.startsWith(`kubectl ${beginning}`));
  if (line === undefined) throw new Error(`docs/moving-from-istio.md has no command kubectl ${beginning}`);
  const words = [...line.matchAll(/'([^']*)'|([^\s']+)/g)].reduce<{ text: string; end: number }[]>(
    (found, match) => {
      const last = found.at(-1);
      const text = match[1] ?? match[2] ?? '';
      const end = match.index + match[0].length;
      // A quoted part right after another is of the same word.
      if (last !== undefined && last.end === match.index)
        found.splice(-1, 1, { text: last.text + text, end });
      else found.push({ text, end });
      return found;
    },
    [],
  );
  const comment = words.findIndex(({ text }) => text.startsWith('#'));
  const [, ...parameters] = words.slice(0, comment < 0 ? undefined : comment).map(({ text }) => text);
  return await kubectl.must(parameters);
}

/** Until the table of the page's own command has these rows. */
async function shows(kubectl: Kubectl, rows: readonly string[]): Promise<void> {
  let table = '';
  await eventually(
    rows.join(),
    async () => {
      table = await shell(kubectl, 'get pods');
      const found = table
        .trim()
        .split('\n')
        .slice(1)
        .map((row) => row.trim().split(/\s+/).join('|'));
      return JSON.stringify(found) === JSON.stringify(rows);
    },
    () => table,
  );
}

/** Of the cart's condition that says whether it is ours: status and message. */
async function conditionOf(kubectl: Kubectl): Promise<string> {
  const path = '{range .status.conditions[?(@.type=="nodemesh.io/Enrolled")]}{.status} {.message}{end}';
  return await kubectl.must(['get', 'pod', 'cart', '-n', 'shop', '-o', `jsonpath=${path}`]);
}

/** A command of `nodemesh` on the cluster; what it wrote to stdout, then to stderr. */
async function run(
  kubeconfig: string,
  parameters: readonly string[],
): Promise<{ readonly code: number | null; readonly text: string }> {
  const child = spawn(process.execPath, ['src/cli/main.ts', ...parameters, '--kubeconfig', kubeconfig], {
    env: { PATH: process.env.PATH },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { code: child.exitCode, text: `${stdout}${stderr}` };
}

function rulesOf({ netns }: TestPod): string {
  return netns.run('iptables-save');
}
