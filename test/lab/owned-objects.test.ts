import fc from 'fast-check';
import { test } from 'tap';
import { silentLogger } from '../../src/base/index.ts';
import { createCluster, createObjectStore, type ManifestObject } from '../../src/lab/cluster/index.ts';
import { mergeApplied } from '../../src/lab/cluster/merge-applied.ts';
import { startGarbageCollector } from '../../src/lab/reconcilers/garbage-collector.ts';

function deployment(over: { readonly spec?: object; readonly metadata?: object } = {}): ManifestObject {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: {
      name: 'waypoint',
      namespace: 'shop',
      labels: { managed: 'yes' },
      annotations: { 'nodemesh.io/applied': '1' },
      ...over.metadata,
    },
    spec: {
      selector: { matchLabels: { app: 'waypoint' } },
      template: { metadata: { labels: { app: 'waypoint' } }, spec: { containers: [{ name: 'one' }] } },
      ...over.spec,
    },
  } as ManifestObject;
}

function cluster() {
  const made = createCluster(createObjectStore());
  made.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } });
  return made;
}

test('an apply changes what it names and leaves what others set', async (t) => {
  const present = {
    a: 1,
    spec: { replicas: 3, paused: true, list: [1] },
    labels: { mine: 'x', theirs: 'y' },
  };
  const before = { spec: { paused: true, list: [1] }, labels: { mine: 'x' } };
  const wanted = { spec: { list: [2] }, labels: {} };
  t.same(mergeApplied(present, before, wanted), {
    a: 1,
    spec: { replicas: 3, list: [2] },
    labels: { theirs: 'y' },
  });
});

test('applying twice is applying once, and what nobody else set is gone when it is not wanted any more', async () => {
  const manifest = fc.dictionary(
    fc.constantFrom('a', 'b', 'c'),
    fc.oneof(fc.nat(3), fc.dictionary(fc.constantFrom('x', 'y'), fc.nat(3))),
  );
  fc.assert(
    fc.property(manifest, manifest, (first, second) => {
      const once = mergeApplied(undefined, undefined, first);
      const again = mergeApplied(once, first, first);
      const next = mergeApplied(once, first, second);
      return (
        JSON.stringify(again) === JSON.stringify(once) &&
        JSON.stringify(sorted(next)) === JSON.stringify(sorted(second))
      );
    }),
  );
});

function sorted(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => [key, sorted(inner)]),
  );
}

test('a number of replicas that somebody set by hand outlives the next apply', async (t) => {
  const lab = cluster();
  t.equal(lab.applyOwned(deployment()), 'created');
  lab.scale('Deployment', 'shop', 'waypoint', 3);
  t.equal(lab.applyOwned(deployment()), 'unchanged');
  t.equal(lab.applyOwned(deployment({ metadata: { labels: { managed: 'still' } } })), 'configured');
  const found = lab.store.get('Deployment', 'shop', 'waypoint');
  t.equal(found?.spec.replicas, 3);
  t.match(found?.metadata.labels, { managed: 'still' });
  lab.applyOwned(deployment({ spec: { replicas: 2 } }));
  t.equal(lab.store.get('Deployment', 'shop', 'waypoint')?.spec.replicas, 2, 'unless it is written down');
});

test('somebody else’s object is neither changed nor deleted', async (t) => {
  const lab = cluster();
  lab.apply(deployment({ metadata: { annotations: {} } }));
  const refused = { code: 'ERR_LAB_CONFLICT' };
  t.throws(() => lab.applyOwned(deployment()), refused);
  t.throws(() => lab.deleteOwned('Deployment', 'shop', 'waypoint'), refused);
  t.doesNotThrow(() => lab.deleteOwned('Deployment', 'shop', 'another'));
});

test('what an owner leaves behind goes, also when it was made too late', async (t) => {
  const lab = cluster();
  const collector = startGarbageCollector(lab, silentLogger);
  t.teardown(() => collector.close());
  const gateway = { apiVersion: 'gateway.networking.k8s.io/v1', kind: 'Gateway', name: 'waypoint' };
  lab.apply({ ...gateway, metadata: { name: 'waypoint', namespace: 'shop' } } as ManifestObject);
  const uid = lab.store.getAny('Gateway', 'shop', 'waypoint')?.metadata.uid;
  const owned = deployment({ metadata: { ownerReferences: [{ ...gateway, uid }] } });
  const settle = () => new Promise((resolve) => setTimeout(resolve, 20));
  lab.applyOwned(owned);
  await settle();
  t.ok(lab.store.get('Deployment', 'shop', 'waypoint'));
  lab.delete('Gateway', 'shop', 'waypoint');
  await settle();
  t.notOk(lab.store.get('Deployment', 'shop', 'waypoint'));
  lab.applyOwned(owned);
  await settle();
  t.notOk(lab.store.get('Deployment', 'shop', 'waypoint'));
});
