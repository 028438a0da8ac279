import { test } from 'tap';
import { parseAllDocuments } from 'yaml';
import { nodemesh } from '../../lab/support/lab-fixture.ts';
import { objectsOf, startInstallCluster, versionOf } from './cluster-fixture.ts';

test('what install applies runs, and doing it again changes nothing', async (t) => {
  const { api, run } = await startInstallCluster(t);
  const first = await run('install');
  t.equal(first.code, 0, first.stderr);
  t.match(first.stderr, /daemonset nodemesh-system\/ztunnel created/);
  t.match(
    first.stderr,
    /deployment\/nodemesh-controller is rolled out[\s\S]*daemonset\/ztunnel is rolled out/,
  );
  t.match(first.stdout, /✓ permissions: all that/);
  t.match(first.stdout, /✓ leader: nodemesh-controller-1\n[\s\S]*✓ RBAC of controller and ztunnels: all/);
  t.match(
    first.stdout,
    /kubectl label namespace NAMESPACE[\s\S]*nodemesh waypoint apply[\s\S]*nodemesh dashboard/,
  );
  t.ok(api.get('GatewayClass', '', 'nodemesh-waypoint'));
  const version = versionOf(api);
  const again = await run('install');
  t.equal(again.code, 0, again.stderr);
  t.notMatch(again.stderr, / created| configured/);
  t.equal(versionOf(api), version, 'nothing was written');
});

test('another setting changes what depends on it alone, and a dry run only says so', async (t) => {
  const { api, run } = await startInstallCluster(t);
  await run('install');
  const dry = await run('install', '--dry-run', '--replicas', '3');
  const changed = (text: string): readonly string[] =>
    [...text.matchAll(/✓ (.*) (created|configured|would be (?:created|changed))$/gm)].map(
      ([, name = '']) => name,
    );
  t.same(changed(dry.stderr), [
    'deployment nodemesh-system/nodemesh-controller',
    'configmap nodemesh-system/nodemesh-installation',
  ]);
  const replicas = (): unknown => {
    const spec = api.get('Deployment', 'nodemesh-system', 'nodemesh-controller')?.spec;
    return (spec as { readonly replicas: number }).replicas;
  };
  t.equal(replicas(), 2);
  const real = await run('install', '--replicas', '3');
  t.same(changed(real.stderr), [
    'deployment nodemesh-system/nodemesh-controller',
    'configmap nodemesh-system/nodemesh-installation',
  ]);
  t.equal(replicas(), 3);
});

test('settings that are not said again stay, until another is said', async (t) => {
  const { api, run } = await startInstallCluster(t);
  await run('install', '--platform', 'k3s', '--trust-domain', 'acme.example');
  const pod = (): string =>
    JSON.stringify(api.get('DaemonSet', 'nodemesh-system', 'ztunnel')?.spec ?? 'no DaemonSet');
  t.match(pod(), '/var/lib/rancher/k3s/data/cni');
  const before = pod();
  const { code, stderr } = await run('install', '--replicas', '3');
  t.equal(code, 0, stderr);
  t.equal(pod(), before);
  await run('install', '--platform', 'generic');
  t.match(pod(), '/opt/cni/bin');
  t.match(pod(), 'acme.example');
});

test('what somebody else has added to our objects stays', async (t) => {
  const { api, run } = await startInstallCluster(t);
  await run('install');
  const found = api.get('Service', 'nodemesh-system', 'nodemesh-controller');
  if (found === undefined) throw new Error('no Service');
  const { metadata } = found;
  api.put({ ...found, metadata: { ...metadata, annotations: { 'their.example/own': 'yes' } } });
  await run('install', '--log-level', 'debug');
  const service = api.get('Service', 'nodemesh-system', 'nodemesh-controller');
  t.equal(service?.metadata.annotations?.['their.example/own'], 'yes');
});

test("an object of our name that is somebody else's is neither taken over nor deleted", async (t) => {
  const { api, run } = await startInstallCluster(t);
  const theirs = {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRole',
    metadata: { name: 'nodemesh-view' },
    rules: [],
  };
  api.put(theirs);
  const refused = await run('install');
  t.equal(refused.code, 1);
  t.match(refused.stderr, /clusterrole nodemesh-view is there and is somebody else's/);
  const labels = { 'app.kubernetes.io/part-of': 'nodemesh' };
  api.put({ ...theirs, metadata: { ...theirs.metadata, labels } });
  t.equal((await run('install')).code, 0, 'left over from a nodemesh');
  api.put(theirs);
  const removed = await run('uninstall');
  t.match(removed.stderr, /clusterrole nodemesh-view left/);
  t.ok(api.get('ClusterRole', '', 'nodemesh-view'));
});

test('before anything is written install says what is in the way', async (t) => {
  const { api, run } = await startInstallCluster(t);
  for (const name of ['istio-system', 'kube-system'])
    api.put({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
  const labels = { 'istio.io/dataplane-mode': 'ambient' };
  api.put({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'theirs', labels } });
  api.put({
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    metadata: { name: 'ztunnel', namespace: 'istio-system' },
    spec: {},
  });
  api.put({
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    metadata: { name: 'istio-cni-node', namespace: 'istio-system' },
    spec: {},
  });
  api.put({
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    metadata: { name: 'cilium', namespace: 'kube-system' },
    spec: {},
  });
  api.reviewAccess = ({ resource, verb }) => resource !== 'clusterroles' || verb !== 'create';
  api.withdraw('ValidatingAdmissionPolicy');
  api.withdraw('GatewayClass');
  const { code, stdout, stderr } = await run('install');
  t.equal(code, 1);
  t.match(stdout, /✗ Kubernetes: older than 1\.30/);
  t.match(stdout, /✗ permissions: you may not create clusterroles\.rbac\.authorization\.k8s\.io/);
  t.match(
    stdout,
    /✗ other meshes: Istio ambient \(daemonset istio-system\/istio-cni-node, istio-system\/ztunnel\): both would capture namespace theirs/,
  );
  t.equal(stdout.match(/other meshes: Istio/g)?.length, 1, 'of one mesh once');
  t.match(stdout, /! other meshes: Cilium/);
  t.match(stderr, /nothing was changed[\s\S]*ERR_CLI_CLUSTER/);
  t.same(objectsOf(api, 'customresourcedefinitions.apiextensions.k8s.io'), []);
});

test("beside Istio install goes on where each pod is one mesh's alone", async (t) => {
  const { api, run } = await startInstallCluster(t);
  const labels = { 'istio.io/dataplane-mode': 'ambient', 'nodemesh.io/dataplane-mode': 'none' };
  api.put({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'istio-system' } });
  api.put({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'theirs', labels } });
  const metadata = { name: 'ztunnel', namespace: 'istio-system' };
  api.put({ apiVersion: 'apps/v1', kind: 'DaemonSet', metadata, spec: {} });
  const { code, stdout } = await run('install', '--no-wait');
  t.equal(code, 0);
  t.match(stdout, /✓ other meshes: Istio ambient .* nothing that both would capture/);
});

test('without the Gateway API everything else is installed', async (t) => {
  const { api, run } = await startInstallCluster(t);
  for (const kind of [
    'GatewayClass',
    'Gateway',
    'HTTPRoute',
    'GRPCRoute',
    'ReferenceGrant',
    'TCPRoute',
    'TLSRoute',
  ])
    api.withdraw(kind);
  const { code, stdout } = await run('install');
  t.equal(code, 0);
  t.match(stdout, /! Gateway API: .*no waypoints[\s\S]*kubectl apply --server-side -f https:/);
});

test('a rollout that does not end is an error that says what is missing', async (t) => {
  const cluster = await startInstallCluster(t);
  cluster.works = false;
  const { code, stderr } = await cluster.run('install', '--timeout', '1s');
  t.equal(code, 1);
  t.match(stderr, /waited 1 s until deployment\/nodemesh-controller is rolled out: .*not begun/);
  t.match(stderr, /kubectl -n nodemesh-system describe[\s\S]*ERR_CLI_TIMEOUT/);
});

test('-o yaml and -o json print what would be applied, for any tool and without a cluster', async (t) => {
  const { stdout } = await nodemesh([
    'install',
    '-o',
    'yaml',
    '--platform',
    'gke',
    '--image',
    'r.example/n:1',
  ]);
  const objects = parseAllDocuments(stdout).map((document) => document.toJS() as { kind: string });
  const json = await nodemesh(['install', '-o', 'json', '--platform', 'gke', '--image', 'r.example/n:1']);
  t.same((JSON.parse(json.stdout) as { items: unknown[] }).items, objects);
  const kinds = objects.map(({ kind }) => kind);
  t.ok(kinds.indexOf('CustomResourceDefinition') < kinds.indexOf('Deployment'));
  t.ok(kinds.includes('ResourceQuota'), 'as GKE wants it');
  t.match(stdout, /image: r\.example\/n:1/);
});

test('a flag with a value that no object could have is refused', async (t) => {
  for (const [flag, value] of [
    ['--replicas', '0'],
    ['--image', 'a b'],
    ['--trust-domain', 'a b'],
    ['--platform', 'aks'],
    ['--drain-timeout', 'long'],
    ['-o', 'xml'],
  ] as const) {
    const { code, stderr } = await nodemesh(['install', '-o', 'yaml', flag, value]);
    t.not(code, 0, flag);
    t.match(stderr, /[Ee]xpected|Allowed choices/, flag);
  }
});

test('a kubeconfig that is not there is one clear error', async (t) => {
  const { code, stderr } = await nodemesh(['install', '--kubeconfig', '/nonexistent/kubeconfig']);
  t.equal(code, 1);
  t.match(stderr, /\/nonexistent\/kubeconfig[\s\S]*ERR_KUBERNETES_CONFIG/);
});
