import { test } from 'tap';
import type { ApiObject } from '../../support/kubernetes-api/api-object.ts';
import { startInstallCluster } from './cluster-fixture.ts';
import { inOrder, install, podOf, until, ztunnelPods } from './uninstall-steps.ts';

test('install ends first what an uninstall has left that was cut off, and upgrade too', async (t) => {
  const cluster = await startInstallCluster(t);
  const { api, run } = cluster;
  await install(cluster);
  for (const [command, preview] of [
    ['install', '--dry-run'],
    ['upgrade', '--preview'],
  ] as const) {
    const old = ztunnelPods(cluster);
    old.mark();
    t.equal((await run('uninstall', '--timeout', '2s')).code, 1);
    old.end();
    api.put(podOf('remover-1', 'clean-up-cni'));
    const { stdout, stderr: progress } = await run(command, preview);
    for (const name of ['daemonset nodemesh-system/nodemesh-clean-up-cni', RECORD])
      t.match(`${stdout}${progress}`, new RegExp(`${name}:? would be deleted`), `${command} ${preview}`);
    t.ok(api.get(...REMOVER), 'which changes nothing');
    const running = run(command);
    await until(() => api.get(...REMOVER) === undefined);
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    t.notOk(api.get('DaemonSet', SYSTEM, 'ztunnel'), 'no ztunnel while a pod of it runs');
    api.remove('Pod', SYSTEM, 'remover-1');
    const { code, stderr } = await running;
    t.equal(code, 0, stderr);
    inOrder(t, stderr, [
      'daemonset nodemesh-system/nodemesh-clean-up-cni deleted',
      `${RECORD} deleted`,
      'no clean-up of nodes runs any more',
      'daemonset nodemesh-system/ztunnel created',
    ]);
    t.notOk(api.get('ConfigMap', SYSTEM, 'nodemesh-clean-up'));
  }
});

test('check finds a clean-up that works against ztunnels which somebody has put there since', async (t) => {
  const cluster = await startInstallCluster(t);
  const { api, run } = cluster;
  const rendered = await run('install', '-o', 'json');
  await install(cluster);
  const old = ztunnelPods(cluster);
  old.mark();
  await run('uninstall', '--timeout', '2s');
  old.end();
  // As `kubectl apply` would.
  const { items } = JSON.parse(rendered.stdout) as { readonly items: readonly ApiObject[] };
  for (const object of items) if (object.kind === 'DaemonSet') api.put(object);
  const { code, stdout } = await run('check');
  t.equal(code, 1);
  t.match(
    stdout,
    /✗ clean-up of nodes: an uninstall was cut off, and daemonset nodemesh-system\/nodemesh-clean-up-cni of it[\s\S]*kubectl -n nodemesh-system delete daemonset nodemesh-clean-up-cni;/,
  );
  await install(cluster);
  t.notMatch((await run('check')).stdout, 'clean-up of nodes');
});

test('what an uninstall has recorded and somebody has changed is one clear error', async (t) => {
  const cluster = await startInstallCluster(t);
  const { api, run } = cluster;
  await install(cluster);
  api.remove('DaemonSet', SYSTEM, 'ztunnel');
  const metadata = { name: 'nodemesh-clean-up', namespace: SYSTEM };
  for (const text of ['no JSON', '{}', 'null']) {
    api.put({ apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { 'daemonset-spec.json': text } });
    const { code, stderr } = await run('uninstall');
    t.equal(code, 1);
    t.match(
      stderr,
      `configmap nodemesh-system/nodemesh-clean-up: expected the specification of a DaemonSet in daemonset-spec.json, got ${JSON.stringify(text)}`,
    );
    t.match(stderr, 'kubectl -n nodemesh-system delete configmap nodemesh-clean-up');
  }
});

test("side by side Istio's labels stay, also when the ztunnels have gone by an uninstall that was cut off", async (t) => {
  const cluster = await startInstallCluster(t);
  const { api, run } = cluster;
  await install(cluster, '--side-by-side');
  api.remove('ConfigMap', SYSTEM, 'nodemesh-installation');
  const labels = { 'istio.io/dataplane-mode': 'ambient' };
  api.put({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'theirs', labels } });
  const pods = ztunnelPods(cluster);
  pods.mark();
  t.equal((await run('uninstall', '--unenrol', '--timeout', '2s')).code, 1);
  pods.end();
  const { code, stderr } = await run('uninstall', '--unenrol');
  t.equal(code, 0, stderr);
  t.same(api.get('Namespace', '', 'theirs')?.metadata.labels, labels);
});

const SYSTEM = 'nodemesh-system';
const REMOVER = ['DaemonSet', SYSTEM, 'nodemesh-clean-up-cni'] as const;
const RECORD = 'configmap nodemesh-system/nodemesh-clean-up';
