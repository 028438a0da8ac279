import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { type Test, test } from 'tap';
import { conformancePath } from '../../support/conformance.ts';
import { kubeconfigWith, runPod, tokenOf } from '../support/installed-mesh.ts';
import { eventually, type Kubectl, kubectlOf } from '../support/kubectl.ts';
import { needsOwnCluster, startOwnCluster } from '../support/own-cluster.ts';
import { startWorkers } from './cluster-workers.ts';
import { everything } from './everything.ts';

/** A cluster with workers and without a mesh, and the command line on it. */
async function startCluster(t: Test) {
  const { kubeconfig } = await startOwnCluster(t);
  const kubectl = kubectlOf(kubeconfig);
  for (const where of [
    ['-f', conformancePath('gateway-api/crd/standard')],
    ['-k', 'daemonset/istio-crds'],
  ])
    await kubectl.must(['apply', '--server-side', ...where]);
  await kubectl.must(['wait', '--for=condition=Established', '--timeout=60s', 'crd', '--all']);
  startWorkers(t, kubectl);
  const start = (parameters: readonly string[], file = kubeconfig) => {
    const child = spawn(process.execPath, ['src/cli/main.ts', ...parameters, '--kubeconfig', file], {
      env: { PATH: process.env.PATH },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    t.teardown(() => void child.kill('SIGKILL'));
    return child;
  };
  const run = async (parameters: readonly string[], file?: string) => {
    const child = start(parameters, file);
    const [stdout, stderr] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, 'close'),
    ]);
    return { code: child.exitCode, stdout, stderr };
  };
  return { kubectl, start, run };
}

/** Objects that a run says it has made or changed. */
function changed(stderr: string): readonly string[] {
  return [...stderr.matchAll(/✓ (.*) (?:created|configured)$/gm)].map(([, name = '']) => name);
}

test(
  'installed, installed again, upgraded and taken out: the cluster is as it was found',
  needsOwnCluster(),
  async (t) => {
    const { kubectl, run } = await startCluster(t);
    await runPod(kubectl, {
      namespace: 'shop',
      name: 'cart',
      account: 'cart',
      node: 'node-1',
      address: '10.1.0.9',
    });
    const found = await everything(kubectl);

    const first = await run(INSTALL);
    t.equal(first.code, 0, first.stderr);
    // The command does not wait, and what the workers report is compared too.
    for (const what of ['deployment/nodemesh-controller', 'daemonset/ztunnel'])
      await kubectl.must(['rollout', 'status', what, '-n', 'nodemesh-system', '--timeout=120s']);
    const installed = await everything(kubectl);
    const again = await run(INSTALL);
    t.equal(again.code, 0, again.stderr);
    t.same(changed(again.stderr), [], 'a second time changes nothing');
    t.same(await everything(kubectl), installed, 'not even a field');

    const upgraded = await run(['upgrade', '--image', 'nodemesh/nodemesh:next']);
    t.match(upgraded.stderr, /daemonset\/ztunnel is rolled out[\s\S]*not all is well: leader,/);
    t.same([...changed(upgraded.stderr)].sort(), [
      'configmap nodemesh-system/nodemesh-installation',
      'daemonset nodemesh-system/ztunnel',
      'deployment nodemesh-system/nodemesh-controller',
    ]);

    await kubectl.must(['label', 'namespace', 'shop', 'istio.io/dataplane-mode=ambient']);
    await kubectl.must(['annotate', 'pod', 'cart', '-n', 'shop', 'ambient.istio.io/redirection=enabled']);
    const refused = await run(['uninstall']);
    t.equal(refused.code, 1);
    t.match(refused.stderr, /still in the mesh: namespace shop; nothing was changed/);
    const out = await run(['uninstall', '--unenrol', '--crds']);
    t.equal(out.code, 0, out.stderr);
    await asFound(t, kubectl, found);
    t.equal((await run(['uninstall', '--crds'])).code, 0, 'once more finds nothing to do');
  },
);

test(
  'an installation that is killed half way is finished by the next, and two at once do not disturb one another',
  needsOwnCluster(),
  async (t) => {
    const { kubectl, start, run } = await startCluster(t);
    const found = await everything(kubectl);
    const half = start([...INSTALL, '--no-preflight']);
    let said = '';
    half.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      said += chunk;
      if (changed(said).length >= 8) half.kill('SIGKILL');
    });
    await once(half, 'close');
    t.equal(half.signalCode, 'SIGKILL');
    t.equal(
      (await kubectl(['get', 'daemonset', 'ztunnel', '-n', 'nodemesh-system'])).status,
      1,
      'it had not come far',
    );

    const [one, two] = await Promise.all([run(INSTALL), run(INSTALL)]);
    t.equal(one.code, 0, one.stderr);
    t.equal(two.code, 0, two.stderr);
    const again = await run(INSTALL);
    t.same(changed(again.stderr), [], 'everything is there');

    const out = await run(['uninstall', '--crds']);
    t.equal(out.code, 0, out.stderr);
    await asFound(t, kubectl, found);
  },
);

test(
  'who may not install is told which rights are missing, before anything is written',
  needsOwnCluster(),
  async (t) => {
    const { kubectl, run } = await startCluster(t);
    await kubectl.must(['create', 'serviceaccount', 'operator', '-n', 'default']);
    const file = await kubeconfigWith(kubectl, t.testdir({}), await tokenOf(kubectl, OPERATOR));
    await kubectl.must(['create', 'clusterrole', 'reader', '--verb=get,list', '--resource=*.*']);
    await kubectl.must([
      ...['create', 'clusterrolebinding', 'reader', '--clusterrole=reader'],
      '--serviceaccount=default:operator',
    ]);
    const found = await everything(kubectl);
    const reader = await run(INSTALL, file);
    t.equal(reader.code, 1);
    t.match(reader.stdout, /you may not create, patch customresourcedefinitions\.apiextensions\.k8s\.io;/);
    t.match(reader.stdout, /create, patch daemonsets\.apps/);
    t.match(reader.stderr, /nothing was changed/);
    t.same(await everything(kubectl), found);

    await kubectl.must(['create', 'clusterrole', 'writer', WRITER_VERBS, '--resource=*.*']);
    await kubectl.must([
      ...['create', 'clusterrolebinding', 'writer', '--clusterrole=writer'],
      '--serviceaccount=default:operator',
    ]);
    const before = await everything(kubectl);
    const writer = await run(INSTALL, file);
    t.equal(writer.code, 1);
    t.match(
      writer.stdout,
      /you may not give rights that you do not have: .*attempting to grant RBAC permissions not currently held/,
    );
    t.same(await everything(kubectl), before, 'nor can who may write everything give what is not his');
  },
);

/** Nothing becomes well without a controller, and what is then said has tests of its own. */
const INSTALL = ['install', '--no-wait'];
/** Not `watch`, which the controller has. */
const WRITER_VERBS = '--verb=get,list,create,patch,delete';
const OPERATOR = { namespace: 'default', account: 'operator' };

async function asFound(t: Test, kubectl: Kubectl, found: ReadonlyMap<string, string>): Promise<void> {
  const different = async (): Promise<readonly string[]> => {
    const now = await everything(kubectl);
    return [...new Set([...found.keys(), ...now.keys()])]
      .filter((key) => found.get(key) !== now.get(key))
      .map((key) => `${key}: ${found.get(key)} → ${now.get(key)}`);
  };
  // The API server itself takes a moment to let go of kinds.
  let left: readonly string[] = [];
  await eventually(
    'everything is as it was found',
    async () => {
      left = await different();
      return left.length === 0;
    },
    () => left.join('\n'),
  );
  t.pass('no object, label, annotation or finalizer is left');
}
