import { test } from 'tap';
import { startInstallCluster } from './cluster-fixture.ts';

test('an installation that is applied and not well ends with what to do, and another exit code', async (t) => {
  const { api, run } = await startInstallCluster(t);
  t.equal((await run('install')).code, 0);
  const role = api.get('ClusterRole', '', 'nodemesh-controller');
  if (role === undefined) throw new Error('no role');
  api.put({ ...role, kind: 'ClusterRole', rules: [] });
  const checked = await run('check');
  t.equal(checked.code, 1);
  t.match(
    checked.stdout,
    /✗ RBAC of controller and ztunnels: missing: clusterrole nodemesh-controller: [\s\S]*hint: nodemesh install gives them back/,
  );
  api.put({ ...role, kind: 'ClusterRole', rules: [...(role.rules as object[]), ALL] });
  t.match((await run('check')).stdout, /! RBAC .*more than was shipped: .*\* \*/);
  t.equal((await run('install')).code, 0, 'it puts them back');
});

test('a controller that never leads is waited for, and then told', async (t) => {
  const cluster = await startInstallCluster(t);
  cluster.leads = false;
  const { code, stdout, stderr } = await cluster.run('install', '--timeout', '2s');
  t.equal(code, 1);
  t.match(stdout, /✗ leader: nobody has been one yet\n +hint: kubectl -n nodemesh-system logs/);
  t.match(stdout, /✗ root certificates: ConfigMap nodemesh-system\/nodemesh-root-cert is not there/);
  t.match(stdout, /! webhook: has no certificate/);
  t.match(stderr, /not all is well: leader, root certificates, GatewayClass\n[\s\S]*ERR_CLI_CLUSTER/);
  t.notMatch(stdout, 'The mesh is there');
});

test('roots that cannot be exchanged and an authority that is refused are told until they are mended', async (t) => {
  const { api, run } = await startInstallCluster(t);
  t.equal((await run('install')).code, 0);
  const well = await run('check');
  t.match(well.stdout, /✓ authority: no controller complains of it/);
  const roots = api.get('ConfigMap', 'nodemesh-system', 'nodemesh-root-cert');
  if (roots === undefined) throw new Error('no roots');
  api.put({ ...roots, kind: 'ConfigMap', immutable: true });
  const tell = (reason: string, message: string, agoMs: number) =>
    api.put({
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { namespace: 'nodemesh-system', name: reason.toLowerCase() },
      ...{ reason, message, lastTimestamp: new Date(Date.now() - agoMs).toISOString() },
    });
  tell('AuthorityRefused', 'the key does not fit', 60_000);
  tell('RootsNotWritten', 'the ConfigMap is immutable', 60_000);
  const wrong = await run('check');
  t.match(wrong.stdout, /! root certificates: ConfigMap nodemesh-system\/nodemesh-root-cert is immutable/);
  t.match(wrong.stdout, /! authority: the key does not fit\n +hint: .*rotate-the-root/);
  t.match(wrong.stdout, /! authority: the ConfigMap is immutable/);
  tell('AuthorityAccepted', 'it is good', 1_000);
  tell('RootsNotWritten', 'the ConfigMap is immutable', 2 * 3_600_000);
  t.match(
    (await run('check')).stdout,
    /✓ authority/,
    'one is mended, and of the other nobody has spoken for long',
  );
});

const ALL = { apiGroups: ['*'], resources: ['*'], verbs: ['*'] };
