import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'tap';
import { openAuthority } from '../../../src/identity/index.ts';
import { objectsOf, startInstallCluster } from './cluster-fixture.ts';

test('side by side install leaves to Istio what is labelled for Istio, and judges no object that both read', async (t) => {
  const { api, run } = await startInstallCluster(t);
  const labels = { 'istio.io/dataplane-mode': 'ambient' };
  api.put({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'istio-system' } });
  api.put({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'theirs', labels } });
  const metadata = { name: 'ztunnel', namespace: 'istio-system' };
  api.put({ apiVersion: 'apps/v1', kind: 'DaemonSet', metadata, spec: {} });
  const { code, stdout } = await run('install', '--side-by-side');
  t.equal(code, 0);
  t.match(stdout, /✓ other meshes: Istio ambient .*, side by side/);
  t.match(stdout, /kubectl label namespace NAMESPACE nodemesh\.io\/dataplane-mode=ambient/);
  const argumentsOf = (resource: string): string =>
    JSON.stringify(objectsOf(api, resource).filter((one) => one.metadata.namespace === 'nodemesh-system'));
  t.match(argumentsOf('daemonsets.apps'), '"--side-by-side"');
  t.match(argumentsOf('deployments.apps'), '"--side-by-side"');
  const [webhook] = objectsOf(api, 'validatingwebhookconfigurations.admissionregistration.k8s.io');
  t.match(JSON.stringify(webhook), '"apiGroups":["nodemesh.io"]');
  t.notMatch(JSON.stringify(webhook), /istio\.io"|gateway\.networking/);
  t.equal((await run('install')).code, 0, 'the setting stays');
  t.match(argumentsOf('daemonsets.apps'), '"--side-by-side"');
  // Alone, ours would go for Istio's pods.
  const alone = await run('install', '--no-side-by-side');
  t.match(alone, { code: 1, stdout: /both would capture namespace theirs[\s\S]*--side-by-side leaves/ });
});

test('shared roots without another mesh beside ours are a mistake, and nothing is changed', async (t) => {
  const { api, run } = await startInstallCluster(t);
  const alone =
    /--shared-roots: expected a mesh side by side with another[\s\S]*add --side-by-side[\s\S]*ERR_CLI_OPTION/;
  t.match(await run('install', '--shared-roots', '--no-wait'), { code: 1, stderr: alone });
  t.match(await run('install', '--shared-roots', '-o', 'yaml'), { code: 1, stdout: '', stderr: alone });
  t.same(objectsOf(api, 'daemonsets.apps'), []);
});

test('shared roots are looked at before anything is written', async (t) => {
  const { api, run } = await startInstallCluster(t);
  api.put({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'istio-system' } });
  api.put({
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    metadata: { name: 'ztunnel', namespace: 'istio-system' },
    spec: {},
  });
  const [mine, theirs] = await Promise.all([rootOf('mine'), rootOf('theirs')]);
  const put = (ours: string): void => {
    api.put({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'nodemesh-system' } });
    api.put({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'istio-ca-root-cert', namespace: 'istio-system' },
      data: { 'root-cert.pem': theirs },
    });
    api.put({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'nodemesh-ca', namespace: 'nodemesh-system' },
      data: { 'root-cert.pem': Buffer.from(ours).toString('base64') },
    });
  };
  const install = () => run('install', '--side-by-side', '--shared-roots', '--no-wait');
  t.match(await install(), { code: 1, stdout: /✗ shared roots: no root in ConfigMap/ });
  put(mine);
  t.match(await install(), { code: 1, stdout: /✗ shared roots: nodemesh-ca has another root/ });
  put(`${mine}${theirs}`);
  t.match(await install(), { code: 0, stdout: /✓ shared roots/ });
});

for (const means of ['nodemesh install', 'other means'])
  test(`side by side, by ${means}, uninstall takes nothing out of the other mesh`, async (t) => {
    const { api, run } = await startInstallCluster(t);
    await run('install', '--side-by-side');
    if (means === 'other means') api.remove('ConfigMap', 'nodemesh-system', 'nodemesh-installation');
    const theirs = { 'istio.io/dataplane-mode': 'ambient' };
    api.put({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop', labels: theirs } });
    const captured = { 'ambient.istio.io/redirection': 'enabled' };
    api.put({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'cart', namespace: 'shop', annotations: captured },
    });
    const labels = { 'nodemesh.io/dataplane-mode': 'ambient' };
    api.put({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'moved', labels } });
    const annotations = { 'nodemesh.io/redirection': 'enabled' };
    api.put({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'till', namespace: 'moved', annotations } });
    await run('waypoint', 'apply', '-n', 'shop', '--enroll-namespace');
    t.match(
      objectsOf(api, 'namespaces').find(({ metadata }) => metadata.name === 'shop')?.metadata.labels,
      { ...theirs, 'nodemesh.io/use-waypoint': 'waypoint' },
      'a waypoint of ours is bound by our label',
    );
    api.remove('Gateway', 'shop', 'waypoint');
    t.match((await run('uninstall')).stderr, /still in the mesh: namespace moved; nothing was changed/);
    const { code, stderr } = await run('uninstall', '--unenrol');
    t.equal(code, 0, stderr);
    const shop = objectsOf(api, 'namespaces').find(({ metadata }) => metadata.name === 'shop');
    t.equal(shop?.metadata.labels?.['istio.io/dataplane-mode'], 'ambient');
    const moved = objectsOf(api, 'namespaces').find(({ metadata }) => metadata.name === 'moved');
    t.same(moved?.metadata.labels ?? {}, {});
  });

async function rootOf(name: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'nodemesh-root-'));
  try {
    const authority = await openAuthority({ directory: folder, trustDomain: `${name}.example` });
    const [root = ''] = authority.bundle().rootsPem;
    await authority.close();
    return root;
  } finally {
    await rm(folder, { recursive: true });
  }
}
