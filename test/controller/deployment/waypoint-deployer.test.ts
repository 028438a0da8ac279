import { test } from 'tap';
import { silentLogger } from '../../../src/base/index.ts';
import { createMeshCollections } from '../../../src/controller/collections/index.ts';
import { createWaypointDeployer } from '../../../src/controller/deployment/index.ts';
import type { MeshObject } from '../../../src/controller/objects/index.ts';
import type { ObjectManifest } from '../../../src/controller/sink/index.ts';
import { gatewayKey } from '../../../src/model/index.ts';
import { CONFORMANCE_SETTINGS, objectOf } from '../support/settings.ts';

const KEY = gatewayKey('shop', 'waypoint');

function gateway(over: { readonly spec?: object; readonly className?: string } = {}): MeshObject {
  return objectOf('Gateway', {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'Gateway',
    metadata: { name: 'waypoint', namespace: 'shop', uid: 'g1' },
    spec: {
      gatewayClassName: over.className ?? 'nodemesh-waypoint',
      listeners: [{ name: 'mesh', port: 15008, protocol: 'HBONE' }],
      ...over.spec,
    },
  });
}

/** A cluster that keeps what is applied and gives it back as an event, as a source does. */
function start(...objects: readonly MeshObject[]) {
  const collections = createMeshCollections(CONFORMANCE_SETTINGS);
  const writes: string[] = [];
  const applied = new Map<string, ObjectManifest>();
  const put = (...changed: readonly MeshObject[]): void =>
    collections.apply(changed.map((object) => ({ type: 'upsert', object, faults: [] })));
  const sink = {
    applyObject(manifest: ObjectManifest) {
      writes.push(`apply ${manifest.kind} ${manifest.metadata.name}`);
      applied.set(manifest.kind, manifest);
    },
    deleteObject({
      kind,
      metadata,
    }: Pick<ObjectManifest, 'kind' | 'metadata'> | { kind: string; metadata: { name: string } }) {
      writes.push(`delete ${kind} ${metadata.name}`);
    },
  };
  const settings = {
    ...CONFORMANCE_SETTINGS,
    image: 'nodemesh/nodemesh',
    controllerAddress: 'controller:15012',
    controllerName: 'controller',
    svidTtlMs: 60_000,
    logLevel: 'info',
    flags: '',
    logFormat: 'text' as const,
  };
  const deployer = createWaypointDeployer({ collections, sink, settings, log: silentLogger });
  put(...objects);
  return {
    deployer,
    put,
    remove: (kind: MeshObject['kind'], key: string) => collections.apply([{ type: 'delete', kind, key }]),
    /** What has been written since the last time. */
    async writes() {
      await new Promise((resolve) => setImmediate(resolve));
      return writes.splice(0).sort();
    },
    /** The cluster shows what was applied. */
    show() {
      for (const manifest of applied.values()) put(asObject(manifest));
    },
    manifest: (kind: string) => applied.get(kind),
  };
}

function asObject(manifest: ObjectManifest): MeshObject {
  const value = JSON.parse(JSON.stringify(manifest)) as Record<string, unknown>;
  return objectOf(manifest.kind as 'Service', value);
}

const ALL = [
  'apply ConfigMap waypoint-root-cert',
  'apply Deployment waypoint',
  'apply Service waypoint',
  'apply ServiceAccount waypoint',
];

test('a waypoint is deployed once its roots are known, and not again while nothing changes', async (t) => {
  const cluster = start(gateway());
  t.same(await cluster.writes(), []);
  cluster.deployer.setRoots('PEM');
  t.same(await cluster.writes(), ALL);
  cluster.show();
  t.same(await cluster.writes(), []);
  cluster.deployer.setRoots('OTHER PEM');
  t.same(await cluster.writes(), ['apply ConfigMap waypoint-root-cert'], 'only what is other than before');
  t.match(cluster.manifest('Deployment')?.metadata.ownerReferences, [{ kind: 'Gateway', uid: 'g1' }]);
});

test('what somebody took away or changed back comes again', async (t) => {
  const cluster = start(gateway());
  cluster.deployer.setRoots('PEM');
  await cluster.writes();
  cluster.show();
  cluster.remove('Deployment', 'shop/waypoint');
  t.same(await cluster.writes(), ['apply Deployment waypoint']);
  cluster.show();
  const wish = { infrastructure: { labels: { team: 'a' } } };
  cluster.put(gateway({ spec: wish }));
  t.same(await cluster.writes(), ALL);
});

test('a controller that starts finds its objects and leaves them, or takes away what is not wanted any more', async (t) => {
  const first = start(gateway());
  first.deployer.setRoots('PEM');
  await first.writes();
  const shown = ['ConfigMap', 'Deployment', 'Service', 'ServiceAccount'].map((kind) =>
    asObject(
      first.manifest(kind) ?? {
        apiVersion: '',
        kind,
        metadata: { name: '', namespace: '', labels: {}, annotations: {}, ownerReferences: [] },
      },
    ),
  );
  const second = start(gateway(), ...shown);
  second.deployer.setRoots('PEM');
  t.same(await second.writes(), []);
  const placed = start(
    gateway({ spec: { addresses: [{ type: 'Hostname', value: 'elsewhere.shop.svc' }] } }),
    ...shown,
  );
  placed.deployer.setRoots('PEM');
  t.same(
    await placed.writes(),
    ALL.map((text) => text.replace('apply', 'delete')),
  );
  const orphaned = start(...shown);
  orphaned.deployer.setRoots('PEM');
  t.same(await orphaned.writes(), [], 'what a Gateway owned goes with it, not by us');
});

test('nothing of somebody else’s is touched', async (t) => {
  const metadata = { name: 'waypoint', namespace: 'shop' };
  const service = objectOf('Service', { apiVersion: 'v1', kind: 'Service', metadata, spec: {} });
  const account = objectOf('ServiceAccount', { apiVersion: 'v1', kind: 'ServiceAccount', metadata });
  const cluster = start(gateway(), service, account);
  const changes: string[] = [];
  cluster.deployer.faultChanges.subscribe((keys) => changes.push(...keys));
  cluster.deployer.setRoots('PEM');
  t.same(await cluster.writes(), ALL.slice(0, 2));
  t.match(cluster.deployer.fault(KEY), /Service shop\/waypoint is there and is not this Gateway's/);
  cluster.remove('Service', 'shop/waypoint');
  t.same(await cluster.writes(), ['apply Service waypoint']);
  t.equal(cluster.deployer.fault(KEY), undefined);
  t.same(changes, [KEY, KEY]);
});

test('parameters that cannot be followed leave what is there', async (t) => {
  const parametersRef = { group: '', kind: 'ConfigMap', name: 'wishes' };
  const cluster = start(gateway());
  cluster.deployer.setRoots('PEM');
  await cluster.writes();
  cluster.show();
  cluster.put(gateway({ spec: { infrastructure: { parametersRef } } }));
  t.same(await cluster.writes(), []);
  t.match(cluster.deployer.fault(KEY), /there is no ConfigMap shop\/wishes/);
  const metadata = { name: 'wishes', namespace: 'shop' };
  const wishes = (deployment: string) =>
    objectOf('ConfigMap', { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { deployment } });
  cluster.put(wishes('spec: {replicas: 2}'));
  t.same(await cluster.writes(), ['apply Deployment waypoint']);
  t.equal(cluster.deployer.fault(KEY), undefined);
  cluster.put(wishes('spec: {template: {spec: {hostNetwork: true}}}'));
  t.same(await cluster.writes(), [], 'what is there stays');
  t.match(cluster.deployer.fault(KEY), /^deployment: spec\.template\.spec\.hostNetwork may not be set/);
  cluster.put(wishes('spec: ['));
  t.same(await cluster.writes(), []);
  t.match(cluster.deployer.fault(KEY), /^deployment: /);
});

test('Gateways of others are not deployed', async (t) => {
  const cluster = start(gateway({ className: 'somebody-elses' }));
  cluster.deployer.setRoots('PEM');
  t.same(await cluster.writes(), []);
});
