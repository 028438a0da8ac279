import { test } from 'tap';
import { checkSkew } from '../../../src/cli/install/upgrade/version-skew.ts';
import { VERSION } from '../../../src/cli/version.ts';
import { startInstallCluster, versionOf } from './cluster-fixture.ts';

test('upgrade keeps the settings of the installation, changes the controller first, then the ztunnels', async (t) => {
  const { api, run } = await startInstallCluster(t);
  await run('install', '--replicas', '3', '--trust-domain', 'prod.example', '--image', 'r.example/n:1');
  const { code, stderr } = await run('upgrade', '--image', 'r.example/n:2');
  t.equal(code, 0, stderr);
  const steps = [
    'deployment nodemesh-system/nodemesh-controller configured',
    'deployment/nodemesh-controller is rolled out',
    'daemonset nodemesh-system/ztunnel configured',
    'daemonset/ztunnel is rolled out',
    'configmap nodemesh-system/nodemesh-installation configured',
  ].map((step) => stderr.indexOf(step));
  t.notOk(steps.includes(-1), stderr);
  t.same(
    steps,
    [...steps].sort((one, other) => one - other),
  );
  const spec = JSON.stringify(api.get('Deployment', 'nodemesh-system', 'nodemesh-controller')?.spec);
  t.match(spec, /"replicas":3/);
  t.match(spec, /--trust-domain=prod\.example/);
  t.match(spec, /r\.example\/n:2/);
});

test('the image follows the version, unless somebody has chosen one', async (t) => {
  const { api, run } = await startInstallCluster(t);
  await run('install');
  const [major = 0, minor = 0] = VERSION.split('.').map(Number);
  const before = `${major}.${minor + 1}.9`;
  const record = api.get('ConfigMap', 'nodemesh-system', 'nodemesh-installation');
  if (record === undefined) throw new Error('no record');
  const { settings } = record.data as { settings: string };
  api.put({ ...record, data: { version: before, settings: settings.replace(VERSION, before) } });
  const { code, stderr } = await run('upgrade');
  t.equal(code, 0, stderr);
  const ztunnel = api.get('DaemonSet', 'nodemesh-system', 'ztunnel');
  t.match(JSON.stringify(ztunnel), new RegExp(`"image":"nodemesh/nodemesh:${VERSION}"`));
});

test('upgrade --preview says field by field what would change, and changes nothing', async (t) => {
  const { api, run } = await startInstallCluster(t);
  await run('install');
  const version = versionOf(api);
  const image = await run('upgrade', '--preview', '--image', 'r.example/n:2');
  t.match(image.stdout, /ztunnel: spec\.template\.spec\.containers\[0\]\.image: ".*" → "r\.example\/n:2"/);
  t.match(image.stdout, /Every ztunnel would be replaced.*3600 s/);
  const replicas = await run('upgrade', '--preview', '--replicas', '4');
  t.match(replicas.stdout, /nodemesh-controller: spec\.replicas: 2 → 4\nNo ztunnel would be replaced/);
  const nothing = await run('upgrade', '--preview');
  t.match(nothing.stdout, /nothing would change/);
  t.equal(versionOf(api), version);
});

test('upgrade refuses what it has not installed, and more than one minor version at a time', async (t) => {
  const { run } = await startInstallCluster(t);
  const { code, stderr } = await run('upgrade');
  t.equal(code, 1);
  t.match(stderr, /nodemesh install has not been here/);
  checkSkew('1.4.2', '1.4.9');
  checkSkew('1.4.2', '1.5.0');
  checkSkew('1.4.2', '1.3.7');
  t.throws(() => checkSkew('1.4.2', '1.6.0'), { code: 'ERR_CLI_CLUSTER', hint: /take 1\.5 in between/ });
  t.throws(() => checkSkew('1.4.2', '1.2.0'), { code: 'ERR_CLI_CLUSTER', hint: /take 1\.3 in between/ });
  t.throws(() => checkSkew('1.4.2', '2.0.0'), { code: 'ERR_CLI_CLUSTER', hint: /docs\/upgrade\.md/ });
});
