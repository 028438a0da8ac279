import { test } from 'tap';
import { nodemesh } from '../../lab/support/lab-fixture.ts';
import { startInstallCluster } from '../install/cluster-fixture.ts';

test('a waypoint is put into a cluster, shown, waited for and taken away', async (t) => {
  const { api, run } = await startInstallCluster(t);
  await run('install');
  api.put({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } });
  const applied = await run('waypoint', 'apply', '-n', 'shop', '--enroll-namespace');
  t.equal(applied.code, 0, applied.stderr);
  t.match(applied.stdout, 'waypoint shop/waypoint applied');
  t.match(
    applied.stderr,
    'kubectl label ns shop istio.io/dataplane-mode=ambient',
    'the hint is of a cluster',
  );
  t.match(api.get('Namespace', '', 'shop')?.metadata.labels, { 'istio.io/use-waypoint': 'waypoint' });
  const unknown = await run('waypoint', 'status', '-n', 'shop', 'nobody');
  t.match(unknown.stderr, /no waypoint nobody in namespace shop[\s\S]*ERR_CLI_PARTY/);
  const waiting = await run('waypoint', 'status', '-n', 'shop');
  t.equal(waiting.code, 1, 'nobody has deployed it');

  const gateway = api.get('Gateway', 'shop', 'waypoint');
  if (gateway === undefined) throw new Error('no Gateway');
  const observedGeneration = gateway.metadata.generation ?? 0;
  const conditions = ['Accepted', 'Programmed'].map((type) => ({ type, status: 'True', observedGeneration }));
  api.put({ ...gateway, kind: 'Gateway', status: { conditions } });
  const ready = await run('waypoint', 'status', '-n', 'shop', '--wait');
  t.equal(ready.code, 0, ready.stderr);
  t.match((await run('waypoint', 'list', '-A')).stdout, /shop\s+waypoint/);

  const deleted = await run('waypoint', 'delete', '-n', 'shop', 'waypoint');
  t.match(deleted.stdout, 'waypoint shop/waypoint deleted');
  t.match(deleted.stderr, 'namespace shop still names it');
  t.equal(api.get('Gateway', 'shop', 'waypoint'), undefined);
});

test('analyze looks at the whole of a cluster, and misses what a label names and nobody has made', async (t) => {
  const { api, run } = await startInstallCluster(t);
  api.put({
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: {
      name: 'shop',
      labels: { 'istio.io/use-waypoint': 'gone', 'istio.io/dataplane-mode': 'ambient' },
    },
  });
  api.put({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'cart', namespace: 'shop' },
    spec: { clusterIP: '10.96.0.9', ports: [{ name: 'http', port: 80 }] },
  });
  const { code, stdout } = await run('analyze');
  t.equal(code, 2);
  t.match(stdout, /NM0030[\s\S]*waypoint "shop\/gone" does not exist/);
});

test('a lab and a cluster cannot both be meant', async (t) => {
  const { code, stderr } = await nodemesh(['waypoint', 'list', '--lab', 'a', '--context', 'b']);
  t.equal(code, 1);
  t.match(stderr, '--lab: expected to be alone, got --context beside it');
});
