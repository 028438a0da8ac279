import { test } from 'tap';
import {
  createMeshView,
  type GatewayAddress,
  isRefusal,
  type MeshViewBatch,
  owningWaypoints,
  readUnboundAddress,
  type ResolveRequest,
  resolveUpstream,
  type Service,
  unboundAddress,
  type Upstream,
  type UpstreamRefusal,
  type Workload,
} from '../../src/model/index.ts';
import { ip, keyOf, makeService, makeWorkload, serving, vip } from './mesh-fixtures.ts';

const client = makeWorkload({ name: 'client', addresses: [ip('10.0.0.9')], tunnelProtocol: 'hbone' });
const cart = makeService({ name: 'cart', addresses: [vip('10.96.0.1'), vip('fd00:96::1')] });
const enrolled = (name: string, address: string, ...services: Service[]): Workload =>
  serving(makeWorkload({ name, addresses: [ip(address)], tunnelProtocol: 'hbone' }), ...services);

function resolve(
  batch: MeshViewBatch,
  dialled: readonly [address: string, port: number],
  over: Partial<ResolveRequest> = {},
): Upstream | UpstreamRefusal {
  const view = createMeshView();
  view.apply(batch);
  const [address, port] = dialled;
  return resolveUpstream({
    view,
    source: client,
    destination: { address: ip(address), port },
    network: '',
    random: () => 0,
    ...over,
  });
}

function upstream(outcome: Upstream | UpstreamRefusal): Upstream {
  if (isRefusal(outcome)) throw new Error(`refused: ${outcome.message}`);
  return outcome;
}

function refusal(outcome: Upstream | UpstreamRefusal): UpstreamRefusal {
  if (!isRefusal(outcome)) throw new Error(`expected a refusal, got ${outcome.kind}`);
  return outcome;
}

test('an enrolled endpoint of a service is reached by a tunnel to its own pod', async (t) => {
  const pod = enrolled('p', '10.0.0.1', cart);
  const got = upstream(resolve({ upsertServices: [cart], upsertWorkloads: [pod] }, ['10.96.0.1', 80]));
  t.match(got, {
    kind: 'hbone',
    address: '10.0.0.1',
    port: 15008,
    authority: '10.0.0.1:8080',
    targetPort: 8080,
    serviceAddressed: true,
  });
  t.equal(got.workload, pod);
  t.equal(got.service, cart);
  t.same([...got.expectedIdentities], ['spiffe://cluster.local/ns/shop/sa/p']);
});

test('the identities listed by a service are accepted besides that of the workload, and nonsense is not', async (t) => {
  const listed = { ...cart, subjectAltNames: ['spiffe://other.test/ns/a/sa/b', 'dns:name'] };
  const pod = enrolled('p', '10.0.0.1', listed);
  const batch = { upsertServices: [listed], upsertWorkloads: [pod] };
  const got = upstream(resolve(batch, ['10.96.0.1', 80]));
  t.same(
    [...got.expectedIdentities],
    ['spiffe://cluster.local/ns/shop/sa/p', 'spiffe://other.test/ns/a/sa/b'],
  );
  t.equal(
    upstream(resolve(batch, ['10.96.0.1', 80])).expectedIdentities,
    got.expectedIdentities,
    'one set, made once',
  );
  const direct = upstream(resolve(batch, ['10.0.0.1', 8080]));
  t.same(
    [...direct.expectedIdentities],
    ['spiffe://cluster.local/ns/shop/sa/p'],
    'a pod dialled is that pod alone',
  );
});

test('an endpoint outside the mesh is reached in plain TCP at its target port', async (t) => {
  const pod = serving(makeWorkload({ name: 'p', addresses: [ip('10.0.0.1')] }), cart);
  const got = upstream(resolve({ upsertServices: [cart], upsertWorkloads: [pod] }, ['10.96.0.1', 80]));
  t.match(got, { kind: 'tcp', address: '10.0.0.1', port: 8080, authority: undefined });
  t.equal(got.expectedIdentities.size, 0);
});

test('the address family that was dialled is kept where the pod has it', async (t) => {
  const dual = serving(
    makeWorkload({ name: 'p', addresses: [ip('10.0.0.1'), ip('fd00::1')], tunnelProtocol: 'hbone' }),
    cart,
  );
  const batch = { upsertServices: [cart], upsertWorkloads: [dual] };
  t.equal(upstream(resolve(batch, ['fd00:96::1', 80])).authority, '[fd00::1]:8080');
  t.equal(upstream(resolve(batch, ['10.96.0.1', 80])).authority, '10.0.0.1:8080');
  const single = enrolled('q', '10.0.0.2', cart);
  const mixed = { upsertServices: [cart], upsertWorkloads: [single] };
  t.equal(upstream(resolve(mixed, ['fd00:96::1', 80])).authority, '10.0.0.2:8080', 'falls back to the other');
});

test('a pod dialled by its address is reached there, and its service is guessed for the records alone', async (t) => {
  const pod = enrolled('p', '10.0.0.1', cart);
  const got = upstream(resolve({ upsertServices: [cart], upsertWorkloads: [pod] }, ['10.0.0.1', 9999]));
  t.match(got, { kind: 'hbone', authority: '10.0.0.1:9999', serviceAddressed: false });
  t.equal(got.service, cart);
});

test('an address that nobody knows is passed through as it was dialled', async (t) => {
  const got = upstream(resolve({}, ['93.184.216.34', 443]));
  t.match(got, { kind: 'passthrough', address: '93.184.216.34', port: 443 });
  t.equal(got.workload, undefined);
});

test('what fails closed is refused with its reason and a hint', async (t) => {
  const unnamed = { ...cart, ports: [{ servicePort: 80, targetPort: 0, appProtocol: 'unknown' as const }] };
  const looping = {
    ...cart,
    ports: [{ servicePort: 80, targetPort: 15006, appProtocol: 'unknown' as const }],
  };
  const ill: Workload = { ...enrolled('p', '10.0.0.1', cart), status: 'unhealthy' };
  const named = serving(makeWorkload({ name: 'p', hostname: 'db.example.com' }), cart);
  const far: Workload = { ...enrolled('p', '10.0.0.1', cart), network: 'far' };
  const legacy: Workload = { ...enrolled('p', '10.0.0.1', cart), tunnelProtocol: 'legacy-istio-mtls' };
  const nobody: Workload = { ...enrolled('p', '10.0.0.1', cart), trustDomain: 'NOT VALID' };
  const emptied: Workload = { ...enrolled('p', '10.0.0.1', cart), capacity: 0 };
  const rows: [string, MeshViewBatch, [string, number], RegExp][] = [
    ['RECURSIVE_PORT', {}, ['10.0.0.1', 15001], /belongs to the mesh/],
    ['RECURSIVE_PORT', {}, ['10.0.0.1', 15006], /15006/],
    ['RECURSIVE_PORT', {}, ['10.0.0.1', 15008], /15008/],
    [
      'RECURSIVE_PORT',
      { upsertServices: [looping], upsertWorkloads: [enrolled('p', '10.0.0.1', looping)] },
      ['10.96.0.1', 80],
      /leads to port 15006/,
    ],
    [
      'UNKNOWN_PORT',
      { upsertServices: [cart] },
      ['10.96.0.1', 81],
      /service shop\/cart has no port 81, only 80/,
    ],
    ['NO_ENDPOINT', { upsertServices: [cart] }, ['10.96.0.1', 80], /service shop\/cart has no endpoint/],
    [
      'NO_ENDPOINT',
      { upsertServices: [cart], upsertWorkloads: [ill] },
      ['10.96.0.1', 80],
      /1 endpoint, none of them ready/,
    ],
    ['NO_ENDPOINT', { upsertServices: [cart], upsertWorkloads: [emptied] }, ['10.96.0.1', 80], /may use/],
    [
      'NO_TARGET_PORT',
      { upsertServices: [unnamed], upsertWorkloads: [enrolled('p', '10.0.0.1', unnamed)] },
      ['10.96.0.1', 80],
      /behind service port 80/,
    ],
    [
      'HOSTNAME_ENDPOINT',
      { upsertServices: [cart], upsertWorkloads: [named] },
      ['10.96.0.1', 80],
      /does not resolve names yet/,
    ],
    [
      'REMOTE_NETWORK',
      { upsertServices: [cart], upsertWorkloads: [far] },
      ['10.96.0.1', 80],
      /networks other than ""/,
    ],
    [
      'UNSUPPORTED_PROTOCOL',
      { upsertServices: [cart], upsertWorkloads: [legacy] },
      ['10.96.0.1', 80],
      /legacy-istio-mtls/,
    ],
    ['BAD_IDENTITY', { upsertServices: [cart], upsertWorkloads: [nobody] }, ['10.96.0.1', 80], /NOT VALID/],
  ];
  for (const [reason, batch, dialled, message] of rows) {
    const got = refusal(resolve(batch, dialled));
    t.equal(got.reason, reason);
    t.match(got.message, message);
    t.ok(got.hint.length > 10);
  }
});

test('the port of an endpoint wins over that of its service, and named ports fall back to it', async (t) => {
  const pod: Workload = {
    ...enrolled('p', '10.0.0.1'),
    services: new Map([[keyOf(cart), [{ servicePort: 80, targetPort: 9090, appProtocol: 'unknown' }]]]),
  };
  const batch = { upsertServices: [cart], upsertWorkloads: [pod] };
  t.equal(upstream(resolve(batch, ['10.96.0.1', 80])).authority, '10.0.0.1:9090');
  const zero: Workload = {
    ...pod,
    services: new Map([[keyOf(cart), [{ servicePort: 80, targetPort: 0, appProtocol: 'unknown' }]]]),
  };
  t.equal(
    upstream(resolve({ ...batch, upsertWorkloads: [zero] }, ['10.96.0.1', 80])).authority,
    '10.0.0.1:8080',
  );
});

test('a retry gets another endpoint until every one was tried', async (t) => {
  const pods = ['a', 'b'].map((name, index) => enrolled(name, `10.0.0.${index + 1}`, cart));
  const batch = { upsertServices: [cart], upsertWorkloads: pods };
  const tried = new Set<Workload['uid']>();
  for (let round = 0; round < 2; round++) {
    const { workload } = upstream(resolve(batch, ['10.96.0.1', 80], { exclude: tried }));
    if (workload !== undefined) tried.add(workload.uid);
  }
  t.equal(tried.size, 2);
  t.equal(refusal(resolve(batch, ['10.96.0.1', 80], { exclude: tried })).reason, 'ENDPOINTS_EXHAUSTED');
  t.equal(refusal(resolve(batch, ['10.0.0.1', 80], { exclude: tried })).reason, 'ENDPOINTS_EXHAUSTED');
});

test('a passthrough service connects to the address dialled, in a tunnel where that is a workload of the mesh', async (t) => {
  const external = makeService({
    name: 'ext',
    addresses: [vip('10.0.0.0', 16)],
    loadBalancing: { routingPreference: [], mode: 'passthrough', healthPolicy: 'allow-all' },
  });
  const pod = enrolled('p', '10.0.0.1');
  const batch = { upsertServices: [external], upsertWorkloads: [pod] };
  t.match(resolve(batch, ['10.0.5.5', 7777]), {
    kind: 'passthrough',
    address: '10.0.5.5',
    port: 7777,
    service: { name: 'ext' },
  });
  t.match(resolve(batch, ['10.0.0.1', 7777]), { kind: 'hbone', authority: '10.0.0.1:7777' });
});

const gateway: GatewayAddress = {
  kind: 'hostname',
  namespace: 'shop',
  hostname: 'waypoint.shop.svc.cluster.local',
  hboneMtlsPort: 15008,
};
const waypointService = makeService({ name: 'waypoint', addresses: [vip('10.96.0.50')], ports: [] });
const waypointPod = enrolled('waypoint', '10.0.0.50', waypointService);

test('a service with a waypoint is reached through it, with the address that was dialled as authority', async (t) => {
  const guarded = { ...cart, waypoint: gateway };
  const pod = enrolled('p', '10.0.0.1', guarded);
  const batch = { upsertServices: [guarded, waypointService], upsertWorkloads: [pod, waypointPod] };
  const got = upstream(resolve(batch, ['10.96.0.1', 80]));
  t.match(got, { kind: 'hbone-waypoint', address: '10.0.0.50', port: 15008, authority: '10.96.0.1:80' });
  t.same([...got.expectedIdentities], ['spiffe://cluster.local/ns/shop/sa/waypoint']);
  t.equal(got.service, guarded);
  t.match(
    resolve(batch, ['10.96.0.1', 80], { source: waypointPod }),
    { kind: 'hbone' },
    'its own pods go on',
  );
  t.match(resolve(batch, ['10.0.0.1', 8080]), { kind: 'hbone' }, 'a pod dialled directly is not behind it');
  const byAddress: GatewayAddress = {
    kind: 'address',
    network: '',
    address: ip('10.96.0.50'),
    hboneMtlsPort: 15008,
  };
  const again = { ...batch, upsertServices: [{ ...guarded, waypoint: byAddress }, waypointService] };
  t.match(resolve(again, ['10.96.0.1', 80]), { kind: 'hbone-waypoint', address: '10.0.0.50' });
  t.match(resolve(again, ['10.96.0.1', 80], { source: waypointPod }), { kind: 'hbone' });
});

test('a waypoint that is missing or not ready refuses, and never falls back to the direct way', async (t) => {
  const guarded = { ...cart, waypoint: gateway };
  const pod = enrolled('p', '10.0.0.1', guarded);
  const missing = refusal(resolve({ upsertServices: [guarded], upsertWorkloads: [pod] }, ['10.96.0.1', 80]));
  t.equal(missing.reason, 'WAYPOINT_MISSING');
  t.match(missing.message, /waypoint shop\/waypoint, which does not exist/);
  const idle = { upsertServices: [guarded, waypointService], upsertWorkloads: [pod] };
  t.equal(refusal(resolve(idle, ['10.96.0.1', 80])).reason, 'WAYPOINT_NOT_READY');
  const address = ip('10.0.0.50');
  const lone = {
    ...cart,
    waypoint: { kind: 'address' as const, network: '', address, hboneMtlsPort: 15008 },
  };
  t.equal(
    refusal(resolve({ upsertServices: [lone], upsertWorkloads: [pod] }, ['10.96.0.1', 80])).reason,
    'WAYPOINT_MISSING',
  );
  const ill: Workload = { ...waypointPod, services: new Map(), status: 'unhealthy' };
  t.equal(
    refusal(resolve({ upsertServices: [lone], upsertWorkloads: [ill] }, ['10.96.0.1', 80])).reason,
    'WAYPOINT_NOT_READY',
  );
});

test('a label that leads nowhere refuses, and says why', async (t) => {
  for (const [reason, code, message] of [
    ['missing', 'WAYPOINT_MISSING', /waypoint infra\/edge, which does not exist/],
    ['not-a-waypoint', 'WAYPOINT_UNUSABLE', /waypoint infra\/edge, which is a Gateway, but no waypoint/],
    ['not-allowed', 'WAYPOINT_UNUSABLE', /waypoint infra\/edge, which takes nothing of this namespace/],
  ] as const) {
    const waypoint = unboundAddress({ reason, namespace: 'infra', name: 'edge' });
    t.same(readUnboundAddress(waypoint), { reason, namespace: 'infra', name: 'edge' });
    const bound = { ...cart, waypoint };
    const batch = { upsertServices: [bound], upsertWorkloads: [enrolled('p', '10.0.0.1', cart)] };
    const got = refusal(resolve(batch, ['10.96.0.1', 80]));
    t.equal(got.reason, code);
    t.match(got.message, message);
    const pod: Workload = { ...enrolled('p', '10.0.0.1'), waypoint };
    t.equal(refusal(resolve({ upsertWorkloads: [pod] }, ['10.0.0.1', 8080])).reason, code);
  }
  t.equal(readUnboundAddress(gateway), undefined);
});

test('where the label chooses open, traffic goes round a waypoint that cannot take it, and only then', async (t) => {
  const open = { ...cart, waypoint: gateway, waypointFailure: 'open' as const };
  const pod = enrolled('p', '10.0.0.1', cart);
  const direct = { kind: 'hbone', authority: '10.0.0.1:8080' };
  const with_ = (...more: readonly Workload[]) => ({
    upsertServices: [open, waypointService],
    upsertWorkloads: [pod, ...more],
  });
  t.match(resolve({ upsertServices: [open], upsertWorkloads: [pod] }, ['10.96.0.1', 80]), direct, 'missing');
  t.match(resolve(with_(), ['10.96.0.1', 80]), direct, 'not ready');
  t.match(resolve(with_(waypointPod), ['10.96.0.1', 80]), { kind: 'hbone-waypoint' }, 'ready');
  t.match(
    resolve(with_(waypointPod), ['10.96.0.1', 80], { exclude: new Set([waypointPod.uid]) }),
    direct,
    'none of its pods could be reached',
  );
  const impostor: Workload = { ...waypointPod, serviceAccount: 'no such/account' };
  t.equal(refusal(resolve(with_(impostor), ['10.96.0.1', 80])).reason, 'BAD_IDENTITY');
  const dialled: Workload = { ...pod, waypoint: gateway, waypointFailure: 'open' };
  t.match(resolve({ upsertWorkloads: [dialled] }, ['10.0.0.1', 8080]), direct, 'a workload’s, too');
});

test('a workload with a waypoint is reached through it when dialled by address, except from the waypoint', async (t) => {
  const pod: Workload = { ...enrolled('p', '10.0.0.1'), waypoint: gateway };
  const batch = { upsertServices: [waypointService], upsertWorkloads: [pod, waypointPod] };
  t.match(resolve(batch, ['10.0.0.1', 8080]), {
    kind: 'hbone-waypoint',
    authority: '10.0.0.1:8080',
    serviceAddressed: false,
  });
  t.match(resolve(batch, ['10.0.0.1', 8080], { source: waypointPod }), {
    kind: 'hbone',
    authority: '10.0.0.1:8080',
  });
});

test('a waypoint that cannot take its share leaves it to the other one', async (t) => {
  const canaryService = makeService({ name: 'canary', ports: [] });
  const canary: GatewayAddress = { ...gateway, hostname: canaryService.hostname };
  const weigh = (first: number, second: number) => ({
    ...cart,
    waypoint: gateway,
    weightedWaypoints: [
      { destination: gateway, weight: first },
      { destination: canary, weight: second },
    ],
  });
  const canaryPod = enrolled('canary', '10.0.0.51', canaryService);
  const ask = (service: Service, pods: readonly Workload[], random: number) =>
    resolve(
      { upsertServices: [service, waypointService, canaryService], upsertWorkloads: pods },
      ['10.96.0.1', 80],
      { random: () => random },
    );
  t.match(ask(weigh(50, 50), [canaryPod], 0), { kind: 'hbone-waypoint', address: '10.0.0.51' });
  t.match(ask(weigh(50, 50), [waypointPod], 0.9), { kind: 'hbone-waypoint', address: '10.0.0.50' });
  t.equal(refusal(ask(weigh(50, 50), [], 0.9)).reason, 'WAYPOINT_NOT_READY');
  t.equal(refusal(ask(weigh(100, 0), [canaryPod], 0)).reason, 'WAYPOINT_NOT_READY', 'weight 0 takes nothing');
  t.same(owningWaypoints(weigh(95, 5)), [gateway, canary]);
  const { waypoint, weightedWaypoints } = weigh(50, 50);
  const pod: Workload = { ...enrolled('p', '10.0.0.1'), waypoint, weightedWaypoints };
  const dialled = resolve(
    { upsertServices: [waypointService, canaryService], upsertWorkloads: [pod, canaryPod] },
    ['10.0.0.1', 8080],
  );
  t.match(dialled, { kind: 'hbone-waypoint', address: '10.0.0.51', authority: '10.0.0.1:8080' });
});

test('weighted waypoints share connections by their weights', async (t) => {
  const canary: GatewayAddress = { ...gateway, hostname: 'canary.shop.svc.cluster.local' };
  const canaryService = makeService({ name: 'canary', ports: [] });
  const guarded = {
    ...cart,
    waypoint: gateway,
    weightedWaypoints: [
      { destination: gateway, weight: 90 },
      { destination: canary, weight: 10 },
    ],
  };
  const batch = {
    upsertServices: [guarded, waypointService, canaryService],
    upsertWorkloads: [waypointPod, enrolled('canary', '10.0.0.51', canaryService)],
  };
  t.equal(upstream(resolve(batch, ['10.96.0.1', 80], { random: () => 0.89 })).address, '10.0.0.50');
  t.equal(upstream(resolve(batch, ['10.96.0.1', 80], { random: () => 0.91 })).address, '10.0.0.51');
});
