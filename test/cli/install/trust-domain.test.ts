import { test } from 'tap';
import { type InstallCluster, startInstallCluster, versionOf } from './cluster-fixture.ts';

/** As the controllers of a mesh write it, however that mesh was installed. */
function authorityOf({ api }: InstallCluster, record: string): void {
  api.put({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'nodemesh-system' } });
  api.put({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'nodemesh-authority', namespace: 'nodemesh-system' },
    data: { 'authority.json': Buffer.from(record).toString('base64') },
  });
}

test('neither install nor upgrade gives a mesh that is there another trust domain', async (t) => {
  const cluster = await startInstallCluster(t);
  const { api, run } = cluster;
  await run('install', '--trust-domain', 'prod.example');
  authorityOf(cluster, JSON.stringify({ version: 1, trustDomain: 'prod.example' }));
  const version = versionOf(api);
  const installed = await run('install', '--trust-domain', 'other.example');
  t.equal(installed.code, 1);
  t.match(
    installed.stdout,
    /✗ trust domain: expected that of the mesh's authority .*, prod\.example, got other\.example/,
  );
  t.match(installed.stdout, /hint: --trust-domain prod\.example/);
  const upgraded = await run('upgrade', '--trust-domain', 'other.example');
  t.equal(upgraded.code, 1);
  t.match(upgraded.stderr, /got other\.example: no controller would start; nothing was changed/);
  t.equal(versionOf(api), version, 'nothing was written');
  t.equal((await run('install')).code, 0, 'the one it has');
});

test('whoever takes over a mesh that was installed by other means is told its trust domain', async (t) => {
  const cluster = await startInstallCluster(t);
  authorityOf(cluster, JSON.stringify({ version: 1, trustDomain: 'helm.example' }));
  const refused = await cluster.run('install');
  t.equal(refused.code, 1);
  t.match(refused.stdout, /hint: --trust-domain helm\.example/);
  t.equal((await cluster.run('install', '--trust-domain', 'helm.example')).code, 0);
});

test('a record that nobody can read is left to the controllers', async (t) => {
  const cluster = await startInstallCluster(t);
  authorityOf(cluster, 'no record');
  t.equal((await cluster.run('install')).code, 0);
});
