import { test } from 'tap';
import { nodemesh } from '../lab/support/lab-fixture.ts';
import { kubeconfigWith, listOf } from './support/installed-mesh.ts';
import { kubectlOf } from './support/kubectl.ts';
import { needsOwnCluster, startOwnCluster } from './support/own-cluster.ts';
import { OPERATOR_KINDS } from './support/stand-in-kinds.ts';

test('nodemesh install and an API server agree on what is there', needsOwnCluster(), async (t) => {
  const { kubeconfig } = await startOwnCluster(t);
  const kubectl = kubectlOf(kubeconfig);
  const install = (...args: readonly string[]) =>
    nodemesh(['install', '--no-wait', ...args, '--kubeconfig', kubeconfig]);
  const cniFolder = () =>
    kubectl.must([
      ...['get', 'daemonset', 'ztunnel', '-n', 'nodemesh-system'],
      ...['-o', 'jsonpath={.spec.template.spec.volumes[?(@.name=="cni-bin")].hostPath.path}'],
    ]);

  await t.test('without the kinds of Istio and of the Gateway API', async (t) => {
    const { code, stdout, stderr } = await install('--platform', 'k3s');
    t.equal(code, 0, stderr);
    t.match(stdout, /! Gateway API: [\s\S]*! Istio's kinds: /);
    t.match(stderr, 'daemonset nodemesh-system/ztunnel created');
    t.notMatch(stderr, 'gatewayclass');
  });

  await t.test('again nothing changes, and a setting that is not repeated stays', async (t) => {
    t.notMatch((await install()).stderr, / (created|configured)$/m);
    const { stderr } = await install('--replicas', '3');
    t.same(stderr.match(/\S+ \S+ configured$/gm), [
      'deployment nodemesh-system/nodemesh-controller configured',
      'configmap nodemesh-system/nodemesh-installation configured',
    ]);
    t.equal(await cniFolder(), '/var/lib/rancher/k3s/data/cni');
  });

  await t.test(
    'a kustomization over it is refused by the API server until it is told to take over',
    async (t) => {
      const overlay = ['-k', 'daemonset/kustomize/base'];
      const refused = await kubectl(['apply', '--server-side', ...overlay]);
      t.match(refused.output, 'conflicts with "nodemesh-install"');
      await kubectl(['apply', '--server-side', '--force-conflicts', ...overlay]);
      t.equal(await cniFolder(), '/opt/cni/bin');
      t.equal((await install()).code, 0);
      t.equal(await cniFolder(), '/var/lib/rancher/k3s/data/cni', 'and install takes it back');
    },
  );

  await t.test('what only another platform needed goes with it, and nothing of anybody else', async (t) => {
    const named = async (kind: string) =>
      (await kubectl.must(['get', kind, '-n', 'nodemesh-system', '-o', 'name'])).trim().split('\n').sort();
    const stale = 'resourcequota nodemesh-system/nodemesh-critical-pods';
    const ours = { 'app.kubernetes.io/part-of': 'nodemesh' };
    const map = (name: string, labels: object) =>
      JSON.stringify({
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name, namespace: 'nodemesh-system', labels },
      });
    const apply = (manager: string, text: string) =>
      kubectl.must(['apply', '--server-side', `--field-manager=${manager}`, '-f', '-'], text);
    t.equal((await install('--platform', 'gke')).code, 0);
    await apply('nodemesh-install', map('of-an-earlier-version', ours));
    await apply('kubectl', map('by-somebody-else', ours));
    await apply('nodemesh-install', map('without-the-label', {}));
    const path = '{.data.objects}';
    const objects = await kubectl.must([
      ...['get', 'configmap', 'nodemesh-installation', '-n', 'nodemesh-system', '-o', `jsonpath=${path}`],
    ]);
    t.match(objects, 'v1 ResourceQuota nodemesh-system/nodemesh-critical-pods\n');
    const more = ['of-an-earlier-version', 'by-somebody-else', 'without-the-label']
      .map((name) => `v1 ConfigMap nodemesh-system/${name}`)
      .concat('not a name', 'v1 Namespace default', objects);
    await kubectl.must([
      ...['patch', 'configmap', 'nodemesh-installation', '-n', 'nodemesh-system', '--type=merge'],
      ...['-p', JSON.stringify({ data: { objects: more.join('\n') } })],
    ]);

    const dry = await install('--platform', 'kind', '--dry-run');
    t.match(dry.stderr, `${stale} would be deleted`);
    t.match(dry.stderr, 'configmap nodemesh-system/of-an-earlier-version would be deleted');
    t.same(
      await named('resourcequota'),
      ['resourcequota/nodemesh-critical-pods'],
      'a dry run deletes nothing',
    );
    const preview = await nodemesh([
      ...['upgrade', '--preview', '--platform', 'kind', '--kubeconfig', kubeconfig],
    ]);
    t.match(preview.stdout, `${stale}: would be deleted`);

    const { code, stderr } = await install('--platform', 'kind');
    t.equal(code, 0, stderr);
    t.match(stderr, `${stale} deleted`);
    t.match(
      stderr,
      /^✓ left: not applied by nodemesh install[^\n]*: kubectl -n nodemesh-system delete configmap\/by-somebody-else$/m,
    );
    t.same(await named('resourcequota'), ['']);
    t.same(await named('configmap'), [
      'configmap/by-somebody-else',
      'configmap/nodemesh-installation',
      'configmap/without-the-label',
    ]);
    t.notMatch((await install()).stderr, / (created|configured|deleted|left: .*)$/m, 'again nothing changes');
  });

  await t.test(
    "monitoring comes when it is asked for, as far as Prometheus' operator is there, and goes",
    async (t) => {
      const without = await install('--monitoring');
      t.match(without.stdout, /! Prometheus' operator: its kinds are not there/);
      t.match(without.stderr, 'configmap nodemesh-system/nodemesh-mesh-dashboard created');
      t.notMatch(without.stderr, 'podmonitor');
      await kubectl.must(['apply', '--server-side', '-f', '-'], listOf(OPERATOR_KINDS));
      await kubectl.must(['wait', '--for=condition=Established', '--timeout=60s', 'crd', '--all']);
      const { stdout, stderr } = await install();
      t.match(stdout, /✓ Prometheus' operator: its kinds are there/, 'the setting has stayed');
      for (const name of [
        'podmonitor nodemesh-system/nodemesh-ztunnel',
        'prometheusrule nodemesh-system/nodemesh',
      ])
        t.match(stderr, `${name} created`);
      t.notMatch((await install()).stderr, / (created|configured|deleted)$/m, 'again nothing changes');
      const gone = await install('--no-monitoring');
      t.equal(gone.stderr.match(/ deleted$/gm)?.length, 8, gone.stderr);
      const left = await kubectl.must([
        ...['get', 'podmonitors,prometheusrules,configmaps', '-n', 'nodemesh-system'],
        ...['-l', 'app.kubernetes.io/component=monitoring', '-o', 'name'],
      ]);
      t.equal(left, '');
    },
  );

  await t.test('who may not install is told all that it takes, and nothing is written', async (t) => {
    await kubectl.must(['create', 'serviceaccount', 'nobody', '-n', 'default']);
    const token = (await kubectl.must(['create', 'token', 'nobody', '-n', 'default'])).trim();
    const theirs = await kubeconfigWith(kubectl, t.testdir({}), token);
    const { code, stdout, stderr } = await nodemesh(['install', '--kubeconfig', theirs]);
    t.equal(code, 1);
    t.match(
      stdout,
      /✗ permissions: you may not get, create, patch customresourcedefinitions[\s\S]*daemonsets/,
    );
    t.match(stderr, 'nothing was changed');
  });
});
