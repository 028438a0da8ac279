import { join } from 'node:path';
import { test } from 'tap';
import { startInstallCluster } from './cluster-fixture.ts';

test('in a cluster without a mesh every command says what would put one there', async (t) => {
  const { run } = await startInstallCluster(t);
  for (const args of [
    ['workloads'],
    ['connections'],
    ['logs'],
    ['top', '--once'],
    ['dashboard', '--no-open'],
    ['admin', 'ztunnel/node-1', '/metrics'],
    ['check'],
  ]) {
    const { code, stdout, stderr } = await run(...args);
    t.equal(code, 1, args.join(' '));
    t.match(`${stdout}${stderr}`, 'nodemesh install puts a mesh into it', args.join(' '));
  }
  const { stdout } = await run('check');
  t.equal(stdout.match(/✗/g)?.length, 1, 'one result, not what follows from it');
  const report = await run('bug-report', '--file', join(t.testdir({}), 'report.tar.gz'));
  t.equal(report.code, 0, `a report is made of what there is: ${report.stderr}`);
  const uninstalled = await run('uninstall');
  t.notMatch(uninstalled.stdout, /kinds of nodemesh\.io/, 'nothing is said to be left that never was there');
});

test('into a namespace that is being deleted nothing is installed, and check says that it goes', async (t) => {
  const { api, run } = await startInstallCluster(t);
  await run('install', '--no-wait');
  const namespace = api.get('Namespace', '', 'nodemesh-system');
  if (namespace === undefined) throw new Error('nothing was installed');
  const metadata = { ...namespace.metadata, deletionTimestamp: '2026-01-01T00:00:00Z', finalizers: ['x/y'] };
  api.put({ ...namespace, kind: 'Namespace', metadata });
  for (const command of ['install', 'upgrade', 'check']) {
    const { code, stdout, stderr } = await run(command);
    t.equal(code, 1, command);
    t.match(`${stdout}${stderr}`, GOING, command);
  }
});

test("beside Istio a waypoint's namespace gets our label, not Istio's", async (t) => {
  const { api, run } = await startInstallCluster(t);
  api.put({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } });
  await run('install', '--side-by-side', '--no-wait');
  const { stdout, stderr } = await run('waypoint', 'apply', '-n', 'shop', '--enroll-namespace');
  t.match(stdout, 'labeled with "nodemesh.io/use-waypoint: waypoint"', stderr);
  t.match(stderr, 'label ns shop nodemesh.io/dataplane-mode=ambient');
  t.equal(api.get('Namespace', '', 'shop')?.metadata.labels?.['istio.io/use-waypoint'], undefined);
});

test("another mesh's waypoint of the same name is not taken over without being told to", async (t) => {
  const { api, run } = await startInstallCluster(t);
  const theirs = {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'Gateway',
    metadata: { name: 'waypoint', namespace: 'shop' },
    spec: { gatewayClassName: 'istio-waypoint', listeners: [] },
  };
  api.put({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } });
  api.put(theirs);
  const refused = await run('waypoint', 'apply', '-n', 'shop');
  t.equal(refused.code, 1);
  t.match(
    refused.stderr,
    /is there, and of the class istio-waypoint[\s\S]*--overwrite[\s\S]*ERR_CLI_CONFLICT/,
  );
  t.match(api.get('Gateway', 'shop', 'waypoint')?.spec, theirs.spec);
  t.equal((await run('waypoint', 'apply', '-n', 'shop', '--overwrite')).code, 0);
  t.match(api.get('Gateway', 'shop', 'waypoint')?.spec, { gatewayClassName: 'nodemesh-waypoint' });
});

const GOING =
  /namespace nodemesh-system:? is being deleted, and what is in it goes with it\n *hint: +kubectl wait --for=delete/;
