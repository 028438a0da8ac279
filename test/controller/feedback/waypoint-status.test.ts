import { test } from 'tap';
import { createSignal } from '../../../src/base/index.ts';
import { createMeshCollections } from '../../../src/controller/collections/index.ts';
import {
  writeBindingStatus,
  writeGatewayClassStatus,
  writeWaypointStatus,
} from '../../../src/controller/feedback/index.ts';
import type { MeshObject } from '../../../src/controller/objects/index.ts';
import type { ObjectNotice, SinkQueue } from '../../../src/controller/sink/index.ts';
import type { GatewayKey } from '../../../src/model/index.ts';
import { CONFORMANCE_SETTINGS, objectOf } from '../support/settings.ts';

type Status = Parameters<SinkQueue['setStatus']>[0];

function gateway(labels: Readonly<Record<string, string>> = {}): MeshObject {
  return objectOf('Gateway', {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'Gateway',
    metadata: { name: 'waypoint', namespace: 'shop', labels, generation: 3 },
    spec: {
      gatewayClassName: 'nodemesh-waypoint',
      listeners: [{ name: 'mesh', port: 15008, protocol: 'HBONE' }],
    },
  });
}

function service(name: string, labels: Readonly<Record<string, string>> = {}): MeshObject {
  return objectOf('Service', {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: 'shop', labels },
    spec: { clusterIP: '10.96.0.1', ports: [{ port: 80 }] },
  });
}

function pod(ready: boolean): MeshObject {
  const labels = { 'gateway.networking.k8s.io/gateway-name': 'waypoint' };
  return objectOf('Pod', {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'waypoint-1', namespace: 'shop', labels },
    spec: { serviceAccountName: 'waypoint' },
    status: {
      phase: 'Running',
      podIP: '10.0.0.1',
      conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }],
    },
  });
}

function start() {
  const collections = createMeshCollections(CONFORMANCE_SETTINGS);
  const written: Status[] = [];
  const warnings: string[] = [];
  const sink = {
    setStatus: (status: Status) => void written.push(status),
    forgetStatus: () => undefined,
    recordEvent: ({ kind, name, reason }: ObjectNotice) => void warnings.push(`${kind} ${name} ${reason}`),
  };
  const faultChanges = createSignal<ReadonlySet<GatewayKey>>();
  let fault: string | undefined;
  const deployer = { fault: () => fault, faultChanges };
  writeWaypointStatus({ collections, deployer, sink, settings: {} });
  writeBindingStatus(collections, sink, {});
  writeGatewayClassStatus(collections, sink, {});
  return {
    takeWarnings: () => warnings.splice(0),
    async put(...objects: readonly MeshObject[]): Promise<readonly Status[]> {
      collections.apply(objects.map((object) => ({ type: 'upsert', object, faults: [] })));
      await new Promise((resolve) => setImmediate(resolve));
      return written.splice(0);
    },
    async fail(message: string): Promise<readonly Status[]> {
      fault = message;
      faultChanges.emit(new Set(['shop/waypoint' as GatewayKey]));
      await new Promise((resolve) => setImmediate(resolve));
      return written.splice(0);
    },
  };
}

function conditionsOf(status: Status | undefined): string {
  return (status?.conditions ?? [])
    .map(({ type, status: is, reason }) => `${type}=${is} ${reason}`)
    .join(', ');
}

test('a Gateway’s status follows its service and its pods', async (t) => {
  const mesh = start();
  const [first] = await mesh.put(gateway());
  t.equal(
    conditionsOf(first),
    'Accepted=True Accepted, Programmed=False AddressNotUsable, ResolvedRefs=True ResolvedRefs',
  );
  t.same(first?.fields, { addresses: null });
  const [second] = await mesh.put(service('waypoint'), pod(false));
  t.match(second, {
    writer: 'waypoint',
    fields: { addresses: [{ type: 'Hostname', value: 'waypoint.shop.svc.domain.suffix' }] },
    lists: { listeners: { entries: [{ name: 'mesh', attachedRoutes: 0 }] } },
  });
  t.match(second?.conditions?.[1], {
    reason: 'Pending',
    message: 'no pod of the waypoint is ready (0 of 1); what is to go through it is refused',
    observedGeneration: 3,
  });
  const [third] = await mesh.put(pod(true));
  t.equal(
    conditionsOf(third),
    'Accepted=True Accepted, Programmed=True Programmed, ResolvedRefs=True ResolvedRefs',
  );
  const [fourth] = await mesh.fail('there is no ConfigMap shop/wishes');
  t.match(fourth?.conditions?.[0], { status: 'False', reason: 'InvalidParameters', message: /no ConfigMap/ });
  const [fifth] = await mesh.put(gateway({ 'istio.io/waypoint-for': 'services' }));
  t.match(fifth?.conditions?.[1], { status: 'False', reason: 'Invalid' });
  t.same(mesh.takeWarnings(), ['Gateway waypoint InvalidParameters'], 'and nothing while it only begins');
});

test('a service says what its label has come to, for as long as it has one', async (t) => {
  const mesh = start();
  const label = { 'istio.io/use-waypoint': 'waypoint' };
  t.same(await mesh.put(service('cart')), []);
  const [refused] = await mesh.put(service('cart', label));
  t.match(refused, {
    kind: 'Service',
    name: 'cart',
    conditions: [{ type: 'istio.io/WaypointBound', status: 'False', reason: 'WaypointMissing' }],
  });
  const bound = (await mesh.put(gateway())).find(({ kind }) => kind === 'Service');
  t.equal(conditionsOf(bound), 'istio.io/WaypointBound=True WaypointAccepted');
  t.same(mesh.takeWarnings(), ['Service cart WaypointMissing'], 'once');
  const [withdrawn] = await mesh.put(service('cart'));
  t.same(withdrawn?.withdrawnConditions, ['istio.io/WaypointBound']);
});

test('what a controller before this one said of a label that is gone is taken back', async (t) => {
  const stale = objectOf('Service', {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'cart', namespace: 'shop' },
    spec: { clusterIP: '10.96.0.1', ports: [{ port: 80 }] },
    status: {
      conditions: [{ type: 'istio.io/WaypointBound', status: 'True' }, { type: 'example.net/Other' }],
    },
  });
  const [withdrawn] = await start().put(stale);
  t.same(withdrawn?.withdrawnConditions, ['istio.io/WaypointBound']);
});

test('classes of ours say what they can do, in alphabetical order', async (t) => {
  const gatewayClass = (name: string, controllerName: string) =>
    objectOf('GatewayClass', {
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'GatewayClass',
      metadata: { name },
      spec: { controllerName },
    });
  const written = await start().put(
    gatewayClass('nodemesh-waypoint', 'nodemesh.io/waypoint-controller'),
    gatewayClass('other', 'example.net/other'),
  );
  t.equal(written.length, 1);
  const listed = (written[0]?.fields?.supportedFeatures ?? []) as readonly { name: string }[];
  const features = listed.map(({ name }) => name);
  t.same(features, [...features].sort());
  t.ok(features.includes('MeshConsumerRoute'));
});
