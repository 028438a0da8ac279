import { test } from 'tap';
import type { ApiObject } from '../../support/kubernetes-api/api-object.ts';
import { startInstallCluster } from './cluster-fixture.ts';

test('nodes are cleaned with the image, the folders and the place of ztunnels that somebody else has installed', async (t) => {
  const { api, run } = await startInstallCluster(t);
  // As Helm or a kustomization would: without the record that `nodemesh install` leaves.
  const rendered = await run('install', '-o', 'json', '--platform', 'k3s', '--image', IMAGE);
  const { items } = JSON.parse(rendered.stdout) as { readonly items: readonly ApiObject[] };
  for (const object of items) api.put(object);
  const ztunnels = api.get('DaemonSet', SYSTEM, 'ztunnel');
  if (ztunnels === undefined) throw new Error('there is no ztunnel to change');
  const { template } = ztunnels.spec as unknown as Spec;
  const volumes = template.spec.volumes.map((volume) =>
    volume.name === 'cni-bin' ? { ...volume, hostPath: { path: '/srv/cni' } } : volume,
  );
  const spec = { ...template.spec, volumes, priorityClassName: 'their-class' };
  api.put({ ...ztunnels, kind: 'DaemonSet', spec: { template: { ...template, spec } } } as ApiObject);

  const cut = startAndSee(() => api.get('DaemonSet', SYSTEM, 'nodemesh-clean-up'));
  const { code, stderr } = await run('uninstall');
  t.equal(code, 0, stderr);
  const seen = (await cut)?.spec as unknown as Spec;
  t.match(seen.template.spec.initContainers, [
    { name: 'clean-up-cni', image: IMAGE },
    { name: 'clean-up-node', image: IMAGE },
  ]);
  t.equal(seen.template.spec.priorityClassName, 'their-class');
  const pathOf = (name: string): string | undefined =>
    seen.template.spec.volumes.find((volume) => volume.name === name)?.hostPath?.path;
  t.equal(pathOf('cni-config'), '/var/lib/rancher/k3s/agent/etc/cni/net.d');
  t.equal(pathOf('cni-bin'), '/srv/cni');
});

test('what other means have made for a platform goes too, although it is in no namespace', async (t) => {
  const { api, run } = await startInstallCluster(t);
  const rendered = await run('install', '-o', 'json', '--platform', 'openshift');
  const { items } = JSON.parse(rendered.stdout) as { readonly items: readonly ApiObject[] };
  for (const object of items) api.put(object);
  const constraints = () => api.get('SecurityContextConstraints', '', 'nodemesh-ztunnel');
  t.ok(constraints());
  const { code, stderr } = await run('uninstall');
  t.equal(code, 0, stderr);
  t.notOk(constraints());
});

test('an uninstall that was cut off once the ztunnels had gone is finished with what it had begun', async (t) => {
  const cluster = await startInstallCluster(t);
  const { api, run } = cluster;
  await run('install', '--image', IMAGE);
  api.remove('ConfigMap', SYSTEM, 'nodemesh-installation');
  cluster.works = false;
  t.equal((await run('uninstall', '--timeout', '1s')).code, 1);
  const imageOf = (): string | undefined => {
    const spec = api.get('DaemonSet', SYSTEM, 'nodemesh-clean-up')?.spec as unknown as Spec | undefined;
    return spec?.template.spec.initContainers[0]?.image;
  };
  t.equal(imageOf(), IMAGE);
  t.equal((await run('uninstall', '--timeout', '1s')).code, 1);
  t.equal(imageOf(), IMAGE);
});

test("nodes are cleaned although Helm has taken the ztunnels' account away before, and it goes again", async (t) => {
  const { api, run } = await startInstallCluster(t);
  // All that a `helm uninstall` leaves.
  api.put({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: SYSTEM } });
  const account = () => api.get('ServiceAccount', SYSTEM, 'ztunnel');
  const cut = startAndSee(() => api.get('DaemonSet', SYSTEM, 'nodemesh-clean-up') && account());
  const { code, stderr } = await run('uninstall');
  t.equal(code, 0, stderr);
  t.ok(await cut);
  t.notOk(account());
});

test("Istio's labels stay Istio's where there is no mesh of ours", async (t) => {
  const { api, run } = await startInstallCluster(t);
  const labels = { 'istio.io/dataplane-mode': 'ambient' };
  api.put({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop', labels } });
  const { code, stdout } = await run('uninstall', '--unenrol');
  t.equal(code, 0);
  t.match(stdout, /there was no mesh/);
  t.match(api.get('Namespace', '', 'shop')?.metadata.labels, labels);
});

/** What `look` finds first; it is there for a moment only. */
async function startAndSee<T>(look: () => T | undefined): Promise<T | undefined> {
  for (const end = performance.now() + 60_000; performance.now() < end; ) {
    const found = look();
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  return undefined;
}

const SYSTEM = 'nodemesh-system';
const IMAGE = 'registry.example/mesh:9';

interface Spec {
  readonly template: {
    readonly spec: {
      readonly initContainers: readonly { readonly name: string; readonly image: string }[];
      readonly volumes: readonly { readonly name: string; readonly hostPath?: { readonly path: string } }[];
      readonly priorityClassName?: string;
    };
  };
}
