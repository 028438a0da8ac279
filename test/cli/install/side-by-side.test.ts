import { test } from 'tap';
import { makeCertificate, makeRoot, type TestSigner } from '../../identity/support/certificates.ts';
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

test('shared roots are compared before install or upgrade writes anything, and what differs is named', async (t) => {
  const { api, run } = await startInstallCluster(t);
  t.equal((await run('install', '--no-wait')).code, 0);
  api.put({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'istio-system' } });
  api.put({
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    metadata: { name: 'ztunnel', namespace: 'istio-system' },
    spec: {},
  });
  const [mine, theirs, next] = await Promise.all([
    makeRoot('CN=mine'),
    makeRoot('CN=theirs'),
    makeRoot('CN=next'),
  ]);
  const between = await makeCertificate({ name: 'CN=between', ca: true, signer: theirs });
  const istio = (name: string, data: Record<string, string>): void => {
    api.put({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'istio-system' }, data });
  };
  const roots = (...all: readonly TestSigner[]): void =>
    istio('istio-ca-root-cert', { 'root-cert.pem': all.map(({ pem }) => pem).join('') });
  const authority = (data: Readonly<Record<string, readonly TestSigner[]>>): void => {
    const encode = (all: readonly TestSigner[]): string =>
      Buffer.from(all.map(({ pem }) => pem).join('')).toString('base64');
    api.put({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'nodemesh-ca', namespace: 'nodemesh-system' },
      data: Object.fromEntries(Object.entries(data).map(([key, all]) => [key, encode(all)])),
    });
  };
  const ztunnel = (): string => JSON.stringify(api.get('DaemonSet', 'nodemesh-system', 'ztunnel')?.spec);
  const before = ztunnel();
  const upgrade = (...flags: readonly string[]) =>
    run('upgrade', '--side-by-side', '--shared-roots', ...flags);
  const installing = await run('install', '--side-by-side', '--shared-roots', '--no-wait');
  t.match(installing, {
    code: 1,
    stdout: /✗ shared roots: expected Istio's roots in ConfigMap .*, got none/,
  });
  roots(theirs);
  t.match(await upgrade(), {
    code: 1,
    stdout: /✗ shared roots: .*got no root in Secret nodemesh-system\/nodemesh-ca/,
  });
  authority({ 'root-cert.pem': [mine], 'ca-cert.pem': [mine] });
  const seen = await upgrade();
  t.match(seen, { code: 1, stderr: /would not believe each other.*nothing was changed/ });
  t.match(
    seen.stdout,
    /expected a root that Istio trusts \(ConfigMap istio-system\/istio-ca-root-cert: "CN=theirs" \(SHA-256 \S+…\)\), got "CN=mine"[^\n]*: neither would believe the other\n[^\n]*docs\/moving-from-istio\.md/,
  );
  authority({ 'root-cert.pem': [mine, theirs], 'ca-cert.pem': [mine] });
  t.match(await upgrade(), { code: 1, stdout: /got "CN=mine" [^\n]*which leads to none/ });
  authority({ 'root-cert.pem': [theirs], 'ca-cert.pem': [between], 'cert-chain.pem': [between] });
  istio('istio', { mesh: 'trustDomain: acme.example' });
  t.match(await upgrade('--preview'), {
    code: 1,
    stdout: /✗ trust domain: expected Istio's, acme\.example, got cluster\.local/,
  });
  t.equal(ztunnel(), before, 'nothing was written');
  istio('istio', { mesh: '' });
  roots(theirs, next);
  t.match(await upgrade('--preview'), { code: 0, stdout: /! shared roots: Istio trusts "CN=next"/ });
  roots(theirs);
  t.match(await upgrade('--preview'), { code: 0, stdout: /✓ shared roots: both trust "CN=theirs"/ });
  const installed = await run('install', '--side-by-side', '--shared-roots', '--no-wait');
  t.match(installed, { code: 0, stdout: /✓ shared roots: both trust "CN=theirs"/ });
  roots(next);
  t.match(await run('upgrade', '--preview'), {
    code: 0,
    stdout: /✗ shared roots: [^\n]*neither would believe/,
  });
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
