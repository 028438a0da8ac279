import { test } from 'tap';
import type { ApiObject } from '../../support/kubernetes-api/api-object.ts';
import { startInstallCluster } from './cluster-fixture.ts';
import { inOrder, install, until, ztunnelPods } from './uninstall-steps.ts';

test('while ztunnels end the CNI plugin is taken out and kept out, and it is finished when the last has ended', async (t) => {
  const cluster = await startInstallCluster(t);
  const { api, run } = cluster;
  await install(cluster, '--image', IMAGE);
  const pods = ztunnelPods(cluster);
  const uninstalling = run('uninstall');
  await until(() => api.get('DaemonSet', SYSTEM, 'ztunnel') === undefined);
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  t.notOk(api.get(...REMOVER), 'not while a kubelet keeps the plugin in');
  pods.mark();
  await until(() => api.get(...REMOVER) !== undefined);
  const { spec } = template(api.get(...REMOVER));
  const folders = ['--bin-dir=/host/opt/cni/bin', '--conf-dir=/host/etc/cni/net.d'];
  t.match(spec, {
    initContainers: [{ image: IMAGE, args: ['cni', 'uninstall', ...folders] }],
    containers: [{ image: IMAGE, args: ['cni', 'uninstall', ...folders, '--watch'] }],
    volumes: [{ name: 'cni-bin' }, { name: 'cni-config' }, { name: 'tmp' }],
  });
  t.same([spec.initContainers.length, spec.containers.length, spec.volumes.length], [1, 1, 3]);
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  t.notOk(api.get(...CLEAN_UP), 'nothing else is taken from under those that carry connections');
  pods.end();
  const { code, stderr } = await uninstalling;
  t.equal(code, 0, stderr);
  inOrder(t, stderr, [
    'daemonset nodemesh-system/ztunnel deleted',
    'every ztunnel has been told to end',
    'daemonset nodemesh-system/nodemesh-clean-up-cni created',
    'on every node new pods start without the mesh',
    'no ztunnel runs any more',
    'daemonset nodemesh-system/nodemesh-clean-up created',
    'every node is clean',
    'daemonset nodemesh-system/nodemesh-clean-up deleted',
    'daemonset nodemesh-system/nodemesh-clean-up-cni deleted',
    'namespace nodemesh-system is gone',
  ]);
});

test('an uninstall whose time is over keeps the plugin out, and the next one goes on with the same image and folders', async (t) => {
  for (const platform of ['k3s', 'openshift'] as const) {
    const cluster = await startInstallCluster(t);
    const { api, run } = cluster;
    await install(cluster, '--platform', platform, '--image', IMAGE);
    // As if Helm had installed it: no settings are known.
    api.remove('ConfigMap', SYSTEM, 'nodemesh-installation');
    const pods = ztunnelPods(cluster);
    pods.mark();
    const first = await run('uninstall', '--timeout', '2s');
    t.equal(first.code, 1, platform);
    t.match(
      first.stderr,
      /waited 2 s until no ztunnel runs any more: 2 pods are ending[\s\S]*a ztunnel ends with the last connection that it carries; new pods start meanwhile, without the mesh\.[\s\S]*run this again/,
    );
    t.notOk(api.get(...CLEAN_UP), platform);
    if (platform === 'openshift') t.notOk(api.get(...REMOVER), 'there is no plugin');
    else t.match(template(api.get(...REMOVER)).spec.containers, [{ image: IMAGE }], 'it stays');
    api.remove(...REMOVER);

    const second = run('uninstall');
    if (platform !== 'openshift') {
      await until(() => api.get(...REMOVER) !== undefined);
      const { volumes } = template(api.get(...REMOVER)).spec;
      t.match(volumes, [{ hostPath: { path: '/var/lib/rancher/k3s/data/cni' } }]);
    }
    // It is there for a moment only, unless its nodes take longer.
    cluster.works = false;
    pods.end();
    await until(() => api.get(...CLEAN_UP) !== undefined);
    t.match(template(api.get(...CLEAN_UP)).spec.initContainers, [{ image: IMAGE }], platform);
    cluster.works = true;
    const { code, stderr } = await second;
    t.equal(code, 0, stderr);
    t.equal(api.get('Namespace', '', SYSTEM), undefined);
  }
});

test('where the last ztunnel has ended nobody waits for the plugin to be out everywhere', async (t) => {
  const cluster = await startInstallCluster(t);
  const { api, run } = cluster;
  await install(cluster);
  const pods = ztunnelPods(cluster);
  pods.mark();
  cluster.works = false;
  const uninstalling = run('uninstall');
  await until(() => api.get(...REMOVER) !== undefined);
  pods.end();
  await until(() => api.get(...CLEAN_UP) !== undefined);
  cluster.works = true;
  const { code, stderr } = await uninstalling;
  t.equal(code, 0, stderr);
  t.notMatch(stderr, 'new pods start without the mesh');
});

function template(object: ApiObject | undefined): Template {
  if (object === undefined) throw new Error('it is not there');
  return (object.spec as unknown as { readonly template: Template }).template;
}

interface Template {
  readonly spec: {
    readonly initContainers: readonly object[];
    readonly containers: readonly object[];
    readonly volumes: readonly object[];
  };
}

const SYSTEM = 'nodemesh-system';
const IMAGE = 'registry.example/mesh:9';
const REMOVER = ['DaemonSet', SYSTEM, 'nodemesh-clean-up-cni'] as const;
const CLEAN_UP = ['DaemonSet', SYSTEM, 'nodemesh-clean-up'] as const;
