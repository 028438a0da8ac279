import { test } from 'tap';
import { createMeshCollections, directFetch } from '../../../src/controller/collections/index.ts';
import type { MeshObject } from '../../../src/controller/objects/index.ts';
import { podUid } from '../../../src/controller/translate/index.ts';
import { type Service, serviceKey, type Workload } from '../../../src/model/index.ts';
import { CONFORMANCE_SETTINGS, objectOf } from '../support/settings.ts';

type Labels = Readonly<Record<string, string>>;

const USE = 'istio.io/use-waypoint';
const HOSTNAME = 'waypoint.shop.svc.domain.suffix';

function namespace(name: string, labels: Labels = {}, annotations: Labels = {}): MeshObject {
  return objectOf('Namespace', {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name, labels, annotations },
  });
}

function gateway(over: {
  readonly name?: string;
  readonly namespace?: string;
  readonly labels?: Labels;
  readonly annotations?: Labels;
  readonly className?: string;
  readonly allowedRoutes?: unknown;
  readonly addresses?: unknown;
  readonly listener?: unknown;
}): MeshObject {
  const { name = 'waypoint', className = 'istio-waypoint', labels = {}, annotations = {} } = over;
  const { allowedRoutes, addresses, listener = { port: 15008, protocol: 'HBONE' } } = over;
  return objectOf('Gateway', {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'Gateway',
    metadata: { name, namespace: over.namespace ?? 'shop', labels, annotations },
    spec: {
      gatewayClassName: className,
      listeners: [{ name: 'mesh', ...(listener as object), ...(allowedRoutes ? { allowedRoutes } : {}) }],
      ...(addresses ? { addresses } : {}),
    },
  });
}

function service(labels: Labels = {}, name = 'cart', annotations: Labels = {}): MeshObject {
  return objectOf('Service', {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: 'shop', labels, annotations },
    spec: { clusterIP: '10.96.0.1', ports: [{ name: 'http', port: 80 }], selector: { app: name } },
  });
}

function pod(
  labels: Labels = {},
  over: { readonly name?: string; readonly account?: string } = {},
): MeshObject {
  return objectOf('Pod', {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: over.name ?? 'cart-1', namespace: 'shop', labels: { app: 'cart', ...labels } },
    spec: { nodeName: 'node-1', serviceAccountName: over.account ?? 'cart' },
    status: { phase: 'Running', podIP: '10.0.0.1' },
  });
}

function derive(...objects: readonly MeshObject[]) {
  const collections = createMeshCollections(CONFORMANCE_SETTINGS);
  collections.apply(objects.map((object) => ({ type: 'upsert', object, faults: [] })));
  return collections;
}

/** `waypoint`, or the name that leads nowhere, of the service and of the pod. */
function bound(...objects: readonly MeshObject[]): { readonly service: string; readonly pod: string } {
  const collections = derive(...objects);
  const hostnameOf = (target: Service | Workload | undefined): string => {
    const { waypoint } = target ?? {};
    if (waypoint === undefined) return 'direct';
    return waypoint.kind === 'hostname' ? waypoint.hostname : waypoint.address;
  };
  const key = serviceKey('shop', 'cart.shop.svc.domain.suffix');
  const uid = podUid({ name: 'cart-1', namespace: 'shop' }, CONFORMANCE_SETTINGS.clusterId);
  return {
    service: hostnameOf(collections.services.get(key)?.service),
    pod: hostnameOf(collections.podWorkloads.get(uid)),
  };
}

const through = { [USE]: 'waypoint' };

test('a namespace’s label binds its services, and pods where the waypoint is for workloads', async (t) => {
  const inShop = [namespace('shop', through), service(), pod()];
  t.same(bound(...inShop, gateway({})), { service: HOSTNAME, pod: 'direct' });
  const forTraffic = (traffic: string) => gateway({ labels: { 'istio.io/waypoint-for': traffic } });
  t.same(bound(...inShop, forTraffic('workload')), { service: 'direct', pod: HOSTNAME });
  t.same(bound(...inShop, forTraffic('all')), { service: HOSTNAME, pod: HOSTNAME });
  t.same(bound(...inShop, forTraffic('none')), { service: 'direct', pod: 'direct' });
  t.same(bound(namespace('shop'), service(), pod(), gateway({})), { service: 'direct', pod: 'direct' });
});

test('the object’s own label beats its namespace’s, and none opts out', async (t) => {
  const all = { labels: { 'istio.io/waypoint-for': 'all' } };
  const gateways = [gateway(all), gateway({ ...all, name: 'other' })];
  t.same(
    bound(namespace('shop', through), service({ [USE]: 'other' }), pod({ [USE]: 'none' }), ...gateways),
    { service: 'other.shop.svc.domain.suffix', pod: 'direct' },
  );
  t.same(
    bound(
      namespace('shop', { [USE]: 'waypoint', 'nodemesh.io/use-waypoint': 'other' }),
      service({ [USE]: 'other', 'nodemesh.io/use-waypoint': 'none' }),
      pod(),
      ...gateways,
    ),
    { service: 'direct', pod: 'other.shop.svc.domain.suffix' },
    'our twin wins',
  );
});

test('a label that cannot be followed refuses, whatever the reason', async (t) => {
  const inShop = [namespace('shop', through), service(), pod()];
  const nowhere = (reason: string) => ({
    service: `waypoint.${reason}.waypoint.invalid`,
    pod: `waypoint.${reason}.waypoint.invalid`,
  });
  t.same(bound(...inShop), nowhere('missing'));
  const foreign = gateway({ className: 'nginx', listener: { port: 80, protocol: 'HTTP' } });
  t.same(bound(...inShop, foreign), nowhere('not-a-waypoint'));
  const unclear = gateway({ labels: { 'istio.io/waypoint-for': 'services' } });
  t.same(bound(...inShop, unclear), nowhere('not-a-waypoint'));
  t.match(derive(...inShop, unclear).services.get('shop/cart.shop.svc.domain.suffix')?.bindingStatus, {
    bound: false,
    reason: 'NotAWaypoint',
    message: /connections are refused/,
  });
});

test('what is not followed and not refused says that traffic goes without the waypoint', async (t) => {
  const statusOf = (...objects: readonly MeshObject[]) =>
    derive(...objects).services.get('shop/cart.shop.svc.domain.suffix')?.bindingStatus;
  const workloads = gateway({ labels: { 'istio.io/waypoint-for': 'workload' } });
  t.match(statusOf(namespace('shop'), service(through), workloads), {
    reason: 'UnsupportedTrafficType',
    message: /connections go without it/,
  });
});

test('a misspelt answer to what is to happen without a waypoint is told', async (t) => {
  const statusOf = (value: string) =>
    derive(
      namespace('shop', { 'nodemesh.io/waypoint-failure': value }),
      service(through),
      gateway({}),
    ).services.get('shop/cart.shop.svc.domain.suffix')?.bindingStatus;
  t.match(statusOf('opn'), {
    bound: true,
    reason: 'WaypointAccepted',
    message: /waypoint-failure: expected open or refuse, got "opn", which stands for refuse$/,
  });
  t.notMatch(statusOf('open')?.message, 'waypoint-failure');
});

test('another namespace’s waypoint is used where its listener allows it', async (t) => {
  const labels = { [USE]: 'waypoint', 'istio.io/use-waypoint-namespace': 'infra', team: 'a' };
  const inShop = [namespace('shop', labels), service()];
  const infra = (namespaces?: unknown) =>
    gateway({ namespace: 'infra', ...(namespaces ? { allowedRoutes: { namespaces } } : {}) });
  const hostname = 'waypoint.infra.svc.domain.suffix';
  const refused = 'waypoint.not-allowed.waypoint.invalid';
  const selector = (team: string) => ({ from: 'Selector', selector: { matchLabels: { team } } });
  t.equal(bound(...inShop, infra()).service, refused);
  t.equal(bound(...inShop, infra({ from: 'Same' })).service, refused);
  t.equal(bound(...inShop, infra({ from: 'All' })).service, hostname);
  t.equal(bound(...inShop, infra(selector('a'))).service, hostname);
  t.equal(bound(...inShop, infra(selector('b'))).service, refused);
  t.match(derive(...inShop, infra()).services.get('shop/cart.shop.svc.domain.suffix')?.bindingStatus, {
    reason: 'AttachmentDenied',
    message: /"infra\/waypoint" takes nothing of this namespace/,
  });
});

test('a canary takes its share, and leaves it to the primary when it cannot', async (t) => {
  const canary = (weight: string, over: Labels = {}) =>
    namespace(
      'shop',
      { ...through, 'istio.io/use-waypoint-canary': 'canary', ...over },
      { 'istio.io/use-waypoint-canary-weight': weight },
    );
  const waypoint = { kind: 'hostname', namespace: 'shop', hostname: HOSTNAME, hboneMtlsPort: 15008 } as const;
  const second = { ...waypoint, hostname: 'canary.shop.svc.domain.suffix' };
  const ask = (...objects: readonly MeshObject[]) => {
    const info = derive(service(), gateway({}), ...objects).services.get('shop/cart.shop.svc.domain.suffix');
    return { weighted: info?.service.weightedWaypoints, reason: info?.bindingStatus?.reason };
  };
  const other = gateway({ name: 'canary' });
  t.same(ask(canary('5'), other), {
    weighted: [
      { destination: waypoint, weight: 95 },
      { destination: second, weight: 5 },
    ],
    reason: 'WaypointAccepted',
  });
  t.same(ask(canary('101'), other), { weighted: [], reason: 'CanaryInvalidWeight' });
  t.same(ask(canary('5')), { weighted: [], reason: 'WaypointMissing' });
  t.same(ask(canary('5', { 'istio.io/use-waypoint-canary': 'waypoint' })), {
    weighted: [],
    reason: 'CanarySameAsPrimary',
  });
  const workloads = gateway({ name: 'canary', labels: { 'istio.io/waypoint-for': 'workload' } });
  t.same(ask(canary('5'), workloads), { weighted: [], reason: 'UnsupportedTrafficType' });
  const own = service({ 'istio.io/use-waypoint': 'waypoint' });
  const info = derive(own, gateway({}), other, canary('5')).services.get('shop/cart.shop.svc.domain.suffix');
  t.same(info?.service.weightedWaypoints, [], 'a service with a waypoint of its own says all of it itself');
});

test('a waypoint’s own service and pods are reached directly, by their own pods alone', async (t) => {
  const wish = namespace('shop', through);
  const all = gateway({ labels: { 'istio.io/waypoint-for': 'all' } });
  const label = { 'gateway.networking.k8s.io/gateway-name': 'waypoint', app: 'waypoint' };
  const collections = derive(
    wish,
    all,
    service({}, 'waypoint'),
    pod(label, { name: 'waypoint-1', account: 'waypoint' }),
    pod(label, { name: 'impostor', account: 'cart' }),
  );
  const info = collections.services.get(`shop/${HOSTNAME}`);
  t.equal(info?.service.waypoint, undefined);
  t.equal(info?.leadsTo?.key, 'shop/waypoint');
  const workload = (name: string) => collections.podWorkloads.get(`cluster0//Pod/shop/${name}`);
  t.match(workload('waypoint-1'), { waypoint: undefined, tunnelProtocol: 'hbone', nativeTunnel: true });
  t.same([...(workload('waypoint-1')?.services.keys() ?? [])], [`shop/${HOSTNAME}`]);
  t.match(workload('impostor'), { waypoint: { hostname: HOSTNAME }, tunnelProtocol: 'none' });
  t.same([...(workload('impostor')?.services.keys() ?? [])], []);
});

test('waypoints are never enrolled, whatever their labels say', async (t) => {
  const label = {
    'gateway.networking.k8s.io/gateway-name': 'waypoint',
    'istio.io/dataplane-mode': 'ambient',
  };
  const objects = [
    pod(label, { name: 'waypoint-1', account: 'waypoint' }),
    pod({ 'istio.io/dataplane-mode': 'ambient' }),
  ];
  t.same(
    [...derive(gateway({}), ...objects).enrolments.values()].map(({ pod: { name } }) => name),
    ['cart-1'],
  );
});

test('a Gateway may stand somewhere else, and another make’s is where its status says', async (t) => {
  const inShop = [namespace('shop', through), service()];
  const hostname = (value: string) => [{ type: 'Hostname', value }];
  t.equal(
    bound(...inShop, gateway({ addresses: hostname('edge.infra.svc.domain.suffix') })).service,
    'edge.infra.svc.domain.suffix',
  );
  t.equal(bound(...inShop, gateway({ addresses: [{ value: '10.1.2.3' }] })).service, '10.1.2.3');
  t.equal(
    bound(...inShop, gateway({ annotations: { 'gateway.istio.io/name-override': 'edge' } })).service,
    'edge.shop.svc.domain.suffix',
  );
  const other = objectOf('Gateway', {
    ...(JSON.parse(
      JSON.stringify({ apiVersion: 'gateway.networking.k8s.io/v1', kind: 'Gateway' }),
    ) as object),
    metadata: { name: 'waypoint', namespace: 'shop' },
    spec: { gatewayClassName: 'other', listeners: [{ name: 'mesh', port: 15008, protocol: 'HBONE' }] },
    status: { addresses: [{ type: 'IPAddress', value: '10.9.9.9' }, ...hostname('other.shop.svc')] },
  });
  t.equal(bound(...inShop, other).service, 'other.shop.svc', 'names before numbers');
});

test('whoever asks is told which waypoints a service goes through', async (t) => {
  const collections = derive(
    namespace('shop', { ...through, 'istio.io/use-waypoint-canary': 'canary' }),
    service(),
    gateway({}),
    gateway({ name: 'canary' }),
  );
  const info = collections.services.get('shop/cart.shop.svc.domain.suffix');
  t.same(info && collections.boundTo(directFetch, info.service), ['shop/waypoint', 'shop/canary']);
});
