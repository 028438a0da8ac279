import { test } from 'tap';
import { defaultSettings, PLATFORMS, type Platform } from '../../../src/cli/install/objects/settings.ts';
import { ZTUNNEL_CAPABILITIES } from '../../../src/cli/install/objects/ztunnel-daemonset.ts';
import { cleanUpObject } from '../../../src/cli/install/uninstall/clean-up-objects.ts';
import { VERSION } from '../../../src/cli/version.ts';
import type { FakeKubernetesApi } from '../../support/kubernetes-api/fake-kubernetes-api.ts';
import { objectsOf, startInstallCluster, versionOf } from './cluster-fixture.ts';

function putShop(api: FakeKubernetesApi): void {
  const labels = { 'istio.io/dataplane-mode': 'ambient', 'their.example/own': 'yes' };
  api.put({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop', labels } });
  const annotations = { 'ambient.istio.io/redirection': 'enabled', 'their.example/own': 'yes' };
  api.put({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'cart', namespace: 'shop', annotations } });
}

/** All objects with our label, or in our namespace. */
function ours(api: FakeKubernetesApi): readonly string[] {
  return ['namespaces', 'serviceaccounts', 'services', 'configmaps', 'deployments.apps', 'daemonsets.apps']
    .concat(
      ['clusterroles', 'clusterrolebindings', 'roles', 'rolebindings'].map(
        (name) => `${name}.rbac.authorization.k8s.io`,
      ),
    )
    .concat(
      'validatingwebhookconfigurations.admissionregistration.k8s.io',
      'gatewayclasses.gateway.networking.k8s.io',
    )
    .flatMap((resource) =>
      objectsOf(api, resource)
        .filter(({ metadata }) => metadata.labels?.['app.kubernetes.io/part-of'] === 'nodemesh')
        .map(({ metadata }) => `${resource} ${metadata.name}`),
    );
}

test('uninstall refuses while something is in the mesh, names it, and changes nothing', async (t) => {
  const { api, run } = await startInstallCluster(t);
  await run('install');
  putShop(api);
  const version = versionOf(api);
  const { code, stderr } = await run('uninstall');
  t.equal(code, 1);
  t.match(stderr, /still in the mesh: namespace shop; nothing was changed[\s\S]*--unenrol/);
  t.equal(versionOf(api), version);
});

test('uninstall --unenrol --crds takes everything away in an order in which nothing breaks', async (t) => {
  const { api, run } = await startInstallCluster(t);
  await run('install');
  putShop(api);
  const managed = { 'gateway.istio.io/managed': 'nodemesh.io-waypoint-controller' };
  const waypoint = { namespace: 'shop', labels: managed, annotations: { 'nodemesh.io/applied': 'x' } };
  api.put({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { ...waypoint, name: 'waypoint' },
    spec: {},
  });
  api.put({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { namespace: 'shop', labels: managed, name: 'theirs' },
  });
  const { code, stderr, stdout } = await run('uninstall', '--unenrol', '--crds');
  t.equal(code, 0, stderr);
  const steps = [
    'validatingwebhookconfiguration nodemesh deleted',
    'namespace shop is not to be in the mesh any more',
    'every pod has left the mesh',
    'daemonset nodemesh-system/ztunnel deleted',
    'no ztunnel runs any more',
    'every node is clean',
    'daemonset nodemesh-system/nodemesh-clean-up deleted',
    'deployment nodemesh-system/nodemesh-controller deleted',
    'no controller runs any more',
    'deployment shop/waypoint deleted',
    'namespace nodemesh-system is gone',
    'customresourcedefinition filters.nodemesh.io deleted',
  ].map((step) => stderr.indexOf(step));
  t.same(
    steps,
    [...steps].sort((one, other) => one - other),
  );
  t.notOk(steps.includes(-1));
  t.same(ours(api), []);
  t.same(objectsOf(api, 'customresourcedefinitions.apiextensions.k8s.io'), []);
  const { metadata } = api.get('Namespace', '', 'shop') ?? { metadata: {} };
  t.same(
    metadata.labels,
    { 'their.example/own': 'yes' },
    'the namespace has its own label, and none of ours',
  );
  t.ok(api.get('Service', 'shop', 'theirs'), 'what the controller has not made is not touched');
  t.match(stdout, /^left: Gateways and labels that name them, routes and policies/m);
  t.notMatch(stdout, /left: the kinds/);
});

test('a pod that ends just before its label is taken off does not keep uninstall --unenrol', async (t) => {
  const { api, run } = await startInstallCluster(t);
  await run('install');
  putShop(api);
  const labels = { 'istio.io/dataplane-mode': 'ambient' };
  for (const name of ['job', 'stays'])
    api.put({ apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: 'shop', labels } });
  const ends = { type: 'overtaken', by: () => api.remove('Pod', 'shop', 'job') } as const;
  api.faults.add({ verb: 'patch', resource: 'pods', name: 'job' }, ends, 1);
  const { code, stderr } = await run('uninstall', '--unenrol');
  t.equal(code, 0, stderr);
  t.match(stderr, /pod shop\/job is gone\n[\s\S]*pod shop\/stays is not to be in the mesh any more/);
  t.same(api.get('Pod', 'shop', 'stays')?.metadata.labels, {});
  t.same(ours(api), []);
});

test('what was deployed for a Gateway is taken away when no controller runs that would make it anew', async (t) => {
  const { api, run } = await startInstallCluster(t);
  await run('install');
  const applied = { 'nodemesh.io/applied': 'x' };
  const managed = { 'gateway.istio.io/managed': 'nodemesh.io-waypoint-controller' };
  const metadata = { name: 'waypoint', namespace: 'shop', labels: managed, annotations: applied };
  api.put({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } });
  api.put({ apiVersion: 'apps/v1', kind: 'Deployment', metadata, spec: {} });
  const labels = { 'app.kubernetes.io/name': 'nodemesh', 'app.kubernetes.io/component': 'controller' };
  const pod = { name: 'controller-1', namespace: 'nodemesh-system', labels };
  api.put({ apiVersion: 'v1', kind: 'Pod', metadata: pod });
  const uninstalling = run('uninstall');
  await until(() => api.get('Deployment', 'nodemesh-system', 'nodemesh-controller') === undefined);
  t.ok(api.get('Deployment', 'shop', 'waypoint'), 'not while one runs');
  api.remove('Pod', 'nodemesh-system', 'controller-1');
  const { code, stderr } = await uninstalling;
  t.equal(code, 0, stderr);
  t.equal(api.get('Deployment', 'shop', 'waypoint'), undefined);
});

test('uninstall --force goes on although pods are in the mesh, and says what it leaves', async (t) => {
  const { api, run } = await startInstallCluster(t);
  await run('install');
  putShop(api);
  const { code, stdout } = await run('uninstall', '--force');
  t.equal(code, 0);
  t.match(stdout, /left: the kinds of nodemesh\.io[\s\S]*left: labels on namespace shop/);
  t.ok(api.get('CustomResourceDefinition', '', 'filters.nodemesh.io'));
});

test('uninstall works again where it was cut off, and where there is nothing', async (t) => {
  const cluster = await startInstallCluster(t);
  await cluster.run('install');
  cluster.works = false;
  const cut = await cluster.run('uninstall', '--timeout', '1s');
  t.match(cut.stderr, /waited 1 s until every node is clean/);
  cluster.works = true;
  const { code, stderr } = await cluster.run('uninstall');
  t.equal(code, 0, stderr);
  t.same(ours(cluster.api), []);
  const nothing = await cluster.run('uninstall', '--timeout', '5s');
  t.match(nothing.stdout, /^there was no mesh: this cluster has no namespace nodemesh-system/);
  t.equal(nothing.code, 0, nothing.stderr);
});

test('an uninstall whose work another one takes away comes to its end all the same', async (t) => {
  const cluster = await startInstallCluster(t);
  const { api } = cluster;
  await cluster.run('install');
  cluster.works = false;
  const first = cluster.run('uninstall');
  await until(() => api.get(...CLEAN_UP) !== undefined);
  api.remove(...CLEAN_UP);
  await until(() => api.get(...CLEAN_UP) !== undefined);
  cluster.works = true;
  const again = await first;
  t.equal(again.code, 0, again.stderr);
  t.match(again.stderr, 'every node is clean', 'what somebody else took away says nothing about nodes');
  t.same(ours(api), []);

  await cluster.run('install');
  cluster.works = false;
  const second = cluster.run('uninstall');
  await until(() => api.get(...CLEAN_UP) !== undefined);
  api.remove(...CLEAN_UP);
  api.remove('Namespace', '', 'nodemesh-system');
  cluster.works = true;
  const late = await second;
  t.equal(late.code, 0, late.stderr);
  t.match(
    late.stderr,
    'namespace nodemesh-system is going already: nothing can be run on the nodes any more',
  );
  t.notMatch(late.stderr, 'every node is clean');
  t.same(ours(api), []);
});

test('two at once both come to their end', async (t) => {
  const { api, run } = await startInstallCluster(t);
  await run('install');
  for (const { code, stderr } of await Promise.all([run('uninstall'), run('uninstall')]))
    t.equal(code, 0, stderr);
  t.same(ours(api), []);
});

test('on every platform a node is cleaned with what its ztunnel had, of the plugin too where there is one', async (t) => {
  for (const platform of Object.keys(PLATFORMS) as Platform[]) {
    const { spec } = cleanUpObject({ ...defaultSettings(VERSION), platform }) as unknown as CleanUp;
    const { initContainers, containers, volumes, serviceAccountName } = spec.template.spec;
    t.same(
      initContainers.map(({ args }) => args.slice(0, 2).join(' ')),
      [...(PLATFORMS[platform].cni ? ['cni uninstall'] : []), 'node-cleanup --host-proc=/host/proc'],
      platform,
    );
    const worker = initContainers.at(-1);
    t.same(worker?.securityContext?.capabilities?.add, ZTUNNEL_CAPABILITIES);
    t.ok(worker?.args.includes('--node-folder=/host/run/nodemesh'));
    const given = new Set(volumes.map(({ name }) => name));
    for (const { name, volumeMounts = [] } of [...initContainers, ...containers])
      for (const mount of volumeMounts) t.ok(given.has(mount.name), `${name}: ${mount.name}`);
    t.equal(serviceAccountName, 'ztunnel');
    t.notOk(given.has('node'), 'a folder that is mounted cannot be removed');
  }
});

async function until(isSo: () => boolean): Promise<void> {
  const end = performance.now() + 60_000;
  while (!isSo()) {
    if (performance.now() > end) throw new Error(`waited in vain until ${isSo}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

const CLEAN_UP = ['DaemonSet', 'nodemesh-system', 'nodemesh-clean-up'] as const;

interface CleanUpContainer {
  readonly name: string;
  readonly args: readonly string[];
  readonly volumeMounts?: readonly { readonly name: string }[];
  readonly securityContext?: { readonly capabilities?: { readonly add?: readonly string[] } };
}

interface CleanUp {
  readonly spec: {
    readonly template: {
      readonly spec: {
        readonly initContainers: readonly CleanUpContainer[];
        readonly containers: readonly CleanUpContainer[];
        readonly volumes: readonly { readonly name: string }[];
        readonly serviceAccountName: string;
      };
    };
  };
}
