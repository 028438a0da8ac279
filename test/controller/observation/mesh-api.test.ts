import { test } from 'tap';
import type { ApiAnswers, ApiPath, ObservationReport } from '../../../src/model/index.ts';
import { createObservationStore } from '../../../src/telemetry/index.ts';
import { edge, refusal } from '../../telemetry/observation/observed-traffic.ts';
import { someFacts } from '../../telemetry/api/api-fixture.ts';
import { type RunningController, runController } from '../support/running-controller.ts';

const pod = (name: string, app: string, over: object = {}) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {
    name,
    namespace: 'shop',
    uid: `uid-${name}`,
    labels: { app },
    annotations: { 'ambient.istio.io/redirection': 'enabled' },
    ...over,
  },
  spec: { nodeName: 'node-1', serviceAccountName: app, containers: [] },
  status: { phase: 'Running', podIP: '10.244.1.2', conditions: [{ type: 'Ready', status: 'True' }] },
});

const OBJECTS = {
  shop: {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: 'shop', labels: { 'istio.io/dataplane-mode': 'ambient' } },
  },
  cart: pod('cart-1', 'cart'),
  service: {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'cart', namespace: 'shop', labels: { 'istio.io/use-waypoint': 'waypoint' } },
    spec: { clusterIP: '10.96.0.1', selector: { app: 'cart' }, ports: [{ name: 'http', port: 8080 }] },
  },
  gateway: {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'Gateway',
    metadata: { name: 'waypoint', namespace: 'shop' },
    spec: {
      gatewayClassName: 'nodemesh-waypoint',
      listeners: [{ name: 'mesh', port: 15008, protocol: 'HBONE' }],
    },
  },
  waypoint: pod('waypoint-1', 'waypoint', {
    labels: { app: 'waypoint', 'gateway.networking.k8s.io/gateway-name': 'waypoint' },
  }),
  route: {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'HTTPRoute',
    metadata: { name: 'canary', namespace: 'shop' },
    spec: {
      parentRefs: [{ group: '', kind: 'Service', name: 'cart' }],
      rules: [{ backendRefs: [{ name: 'cart', port: 8080 }] }],
    },
  },
  policy: {
    apiVersion: 'security.istio.io/v1',
    kind: 'AuthorizationPolicy',
    metadata: { name: 'payments-from-cart', namespace: 'shop' },
    spec: { selector: { matchLabels: { app: 'payments' } }, action: 'ALLOW', rules: [] },
  },
};

async function ask<Path extends ApiPath>(
  running: RunningController,
  path: Path,
  query = '',
): Promise<ApiAnswers[Path]> {
  const { port } = running.controller.addresses.dashboard ?? {};
  const response = await fetch(`http://127.0.0.1:${port}${path}${query}`);
  if (!response.ok) throw new Error(await response.text());
  return (await response.json()) as ApiAnswers[Path];
}

test('the controller answers for the whole mesh, from its objects and from what proxies report', async (t) => {
  const running = await runController(t, {
    objects: OBJECTS,
    config: { dashboardListen: { host: '127.0.0.1', port: 0 }, dashboardUrl: 'https://mesh.example/' },
  });
  const node = await running.connect('node-1');
  const nowMs = Date.now() - 15_000;
  let clockMs = nowMs;
  const clock = { now: () => clockMs, monotonic: () => clockMs, after: () => ({ cancel: () => undefined }) };
  const store = createObservationStore({ proxy: 'ztunnel/node-1', clock });
  store.count(edge(), { opened: 5 });
  store.refused(refusal({ atMs: nowMs }));
  clockMs += 10_000;
  const [workload] = someFacts().workloads(60_000);
  const rates = store.workloadRates(60_000).of('shop', 'cart');
  if (workload === undefined) throw new Error('expected a workload');
  const report: ObservationReport = {
    proxy: 'ztunnel/node-1',
    instance: store.instance,
    version: '1.2.3',
    sentMs: clockMs,
    dashboardUrl: 'http://127.0.0.1:4001/',
    batch: store.since(0),
    requests: [],
    state: {
      workloads: [{ ...workload, rates }],
      certificates: someFacts().certificates(),
      policies: someFacts().policies(),
      waypoint: undefined,
    },
  };
  t.same(await node.client.reportObservations(report), {
    acknowledged: report.batch.upTo,
    requestsFollowed: false,
    meshDashboardUrl: 'https://mesh.example/',
  });

  t.match(await ask(running, '/api/v1/info'), { scope: 'mesh', trustDomain: 'cluster.local' });
  const { workloads } = await ask(running, '/api/v1/workloads');
  t.match(
    workloads.find(({ name }) => name === 'cart-1'),
    { protocol: 'HBONE', enrolment: 'captured', connections: 3, certificate: { notAfterMs: 2 }, rates },
  );
  t.match(
    workloads.find(({ name }) => name === 'waypoint-1'),
    { connections: 0, node: 'node-1', enrolment: 'native' },
  );
  t.match((await ask(running, '/api/v1/services')).services, [
    { name: 'cart', endpoints: { healthy: 1, total: 1 }, waypoint: 'shop/waypoint', ports: [8080] },
  ]);
  const topology = await ask(running, '/api/v1/topology', '?window=60');
  t.match(
    topology.nodes.find(({ kind }) => kind === 'service'),
    { id: 'service/shop/cart', inMesh: true, waypoint: 'shop/waypoint' },
  );
  t.match((await ask(running, '/api/v1/refusals')).refusals, [{ proxy: 'ztunnel/node-1' }]);
  const { certificates } = await ask(running, '/api/v1/certificates');
  const root = certificates.find(({ kind, proxy }) => kind === 'root' && proxy === 'controller');
  t.ok(root !== undefined && root.notBeforeMs > 0 && root.notBeforeMs < Date.now(), 'it began lately');
  t.ok(certificates.some(({ kind, proxy }) => kind === 'workload' && proxy === 'ztunnel/node-1'));
  t.match((await ask(running, '/api/v1/policies')).policies, [
    { name: 'payments-from-cart', scope: 'app=payments', allowed: 1, denied: 2, problem: '' },
  ]);
  t.match((await ask(running, '/api/v1/waypoints')).waypoints, [
    {
      namespace: 'shop',
      name: 'waypoint',
      ready: { pods: 1, total: 1 },
      serves: 'services',
      // None of its pods has reported: what it was told is known all the same.
      routes: [{ name: 'canary', service: 'shop/cart', rule: '1', rates: { requests: 0 } }],
    },
  ]);
  const { proxies } = await ask(running, '/api/v1/proxies');
  t.match(proxies, [
    {
      id: 'ztunnel/node-1',
      kind: 'ztunnel',
      node: 'node-1',
      version: '1.2.3',
      dashboardUrl: /4001/,
      state: 'current',
    },
  ]);
  t.ok(proxies[0]?.types.every(({ sent, acknowledged }) => sent !== '' && sent === acknowledged));
  t.type(proxies[0]?.pushP99Ms, 'number');
});

test('a node is not believed about policies that nobody wrote, nor about certificates of pods that it does not run', async (t) => {
  const running = await runController(t, {
    objects: {
      ...OBJECTS,
      elsewhere: { ...pod('vault-1', 'vault'), spec: { nodeName: 'node-2', serviceAccountName: 'vault' } },
      strict: {
        apiVersion: 'security.istio.io/v1',
        kind: 'PeerAuthentication',
        metadata: { name: 'strict', namespace: 'shop' },
        spec: { selector: { matchLabels: { app: 'cart' } }, mtls: { mode: 'STRICT' } },
      },
    },
    config: { dashboardListen: { host: '127.0.0.1', port: 0 } },
  });
  const node = await running.connect('node-1');
  const known = [...node.policies.values()].find(({ name }) => name.includes('strict'));
  const [policy] = someFacts().policies();
  const [certificate] = someFacts().certificates();
  if (known === undefined || policy === undefined || certificate === undefined)
    throw new Error('expected one of each');
  const { namespace, name } = known;
  const identity = (account: string): string => certificate.name.replace(/[^/]+$/, account);
  await node.client.reportObservations({
    proxy: 'ztunnel/node-1',
    instance: 'one',
    version: '1.2.3',
    sentMs: Date.now(),
    dashboardUrl: '',
    batch: createObservationStore({ proxy: 'ztunnel/node-1' }).since(0),
    requests: [],
    state: {
      workloads: [],
      certificates: [
        { ...certificate, name: identity('cart'), state: 'x'.repeat(100_000) },
        { ...certificate, name: identity('vault'), state: 'expired' },
        { ...certificate, name: '<script>alert(1)</script>' },
      ],
      policies: [
        { ...policy, namespace, name, scope: 'y'.repeat(100_000) },
        { ...policy, name: 'deny-everything', problem: 'call this number' },
        { ...policy, kind: 'RateLimit', name: 'never-written' },
      ],
      waypoint: undefined,
    },
  });
  const { policies } = await ask(running, '/api/v1/policies');
  t.same(new Set(policies.map((view) => view.name)), new Set(['payments-from-cart', 'strict', name]));
  t.ok(policies.every(({ scope }) => scope.length <= 1_024));
  const { certificates } = await ask(running, '/api/v1/certificates');
  const told = certificates.filter(({ proxy }) => proxy === 'ztunnel/node-1');
  t.same(
    told.map(({ name: of, state }) => [of, state.length]),
    [[identity('cart'), 1_024]],
  );
});

test('who reports for somebody else is told so', async (t) => {
  const running = await runController(t, { objects: OBJECTS });
  const client = running.client(() =>
    running.token({ namespace: 'shop', account: 'waypoint', pod: 'waypoint-1', podUid: 'uid-waypoint-1' }),
  );
  const report: ObservationReport = {
    proxy: 'waypoint/shop/waypoint-1',
    instance: 'a',
    version: '1',
    sentMs: 1,
    dashboardUrl: '',
    batch: { from: 0, upTo: 1, slots: [], refusals: [], flows: [], spans: [] },
    state: undefined,
    requests: [],
  };
  t.same(await client.reportObservations(report), {
    acknowledged: 1,
    requestsFollowed: false,
    meshDashboardUrl: '',
  });
  await t.rejects(client.reportObservations({ ...report, proxy: 'ztunnel/node-1' }), {
    code: 'ERR_WIRE_PERMISSION_DENIED',
    message: /expected what waypoint\/shop\/waypoint-1 has seen itself, got what ztunnel\/node-1 has seen/,
  });
  const cart = running.client(() =>
    running.token({ namespace: 'shop', account: 'cart', pod: 'cart-1', podUid: 'uid-cart-1' }),
  );
  await t.rejects(cart.reportObservations(report), {
    code: 'ERR_WIRE_PERMISSION_DENIED',
    message: /shop\/cart/,
  });
});

test('a dashboard that would be open to everybody is no start, and one without a port is no matter', async (t) => {
  await t.rejects(runController(t, { config: { dashboardListen: { host: '0.0.0.0', port: 0 } } }), {
    code: 'ERR_TELEMETRY_API_EXPOSED',
  });
  const first = await runController(t, { config: { dashboardListen: { host: '127.0.0.1', port: 0 } } });
  const port = first.controller.addresses.dashboard?.port ?? 0;
  const second = await runController(t, { config: { dashboardListen: { host: '127.0.0.1', port } } });
  t.equal(second.controller.addresses.dashboard, undefined);
});
