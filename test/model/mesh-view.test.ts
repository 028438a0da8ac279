import assert from 'node:assert/strict';
import fc from 'fast-check';
import { test } from 'tap';
import { createMeshView, type MeshViewChange, type Service, type Workload } from '../../src/model/index.ts';
import { ip, keyOf, makePolicy, makeService, makeWorkload, serving, uid, vip } from './mesh-fixtures.ts';

test('a workload is found by uid and by each of its addresses until it is removed', async (t) => {
  const view = createMeshView();
  const pod = makeWorkload({ name: 'cart', addresses: [ip('10.0.0.1'), ip('fd00::1')] });
  view.apply({ upsertWorkloads: [pod] });
  t.equal(view.workload(pod.uid), pod);
  t.equal(view.workloadAt('', ip('10.0.0.1')), pod);
  t.equal(view.workloadAt('', ip('fd00::1')), pod);
  t.equal(view.workloadAt('other', ip('10.0.0.1')), undefined);
  view.apply({ upsertWorkloads: [{ ...pod, addresses: [ip('10.0.0.2')] }] });
  t.equal(view.workloadAt('', ip('10.0.0.1')), undefined, 'an address that moved away');
  view.apply({ removedAddresses: [pod.uid] });
  t.equal(view.workloadAt('', ip('10.0.0.2')), undefined);
  t.equal(view.workload(pod.uid), undefined);
});

test('an address handed from one pod to the next belongs to the healthy one, whichever came first', async (t) => {
  const old = makeWorkload({ name: 'old', addresses: [ip('10.0.0.1')], status: 'unhealthy' });
  const young = makeWorkload({ name: 'young', addresses: [ip('10.0.0.1')] });
  for (const order of [
    [old, young],
    [young, old],
  ]) {
    const view = createMeshView();
    view.apply({ upsertWorkloads: order });
    t.equal(view.workloadAt('', ip('10.0.0.1'))?.name, 'young');
    t.equal(view.workloadsAt('', ip('10.0.0.1')).length, 2);
    view.apply({ removedAddresses: [old.uid] });
    t.equal(view.workloadAt('', ip('10.0.0.1'))?.name, 'young');
  }
});

test('workloads on the network of their host are never taken for its address, but are listed there', async (t) => {
  const view = createMeshView();
  const daemons = ['a', 'b'].map((name) =>
    makeWorkload({ name, addresses: [ip('172.30.0.2')], networkMode: 'host-network' }),
  );
  view.apply({ upsertWorkloads: daemons });
  t.equal(view.workloadAt('', ip('172.30.0.2')), undefined);
  t.equal(view.workloadsAt('', ip('172.30.0.2')).length, 2);
  const pod = makeWorkload({ name: 'z', addresses: [ip('172.30.0.2')] });
  view.apply({ upsertWorkloads: [pod] });
  t.equal(view.workloadAt('', ip('172.30.0.2')), pod, 'a pod of its own at the same address');
});

test('a shared address is answered by the namespace of the client, then by a canonical service, then by name', async (t) => {
  const view = createMeshView();
  const address = vip('10.96.0.1');
  const entry = makeService({
    name: 'a',
    namespace: 'aaa',
    hostname: 'x.test',
    canonical: false,
    addresses: [address],
  });
  const own = makeService({
    name: 'b',
    namespace: 'bbb',
    hostname: 'x.test',
    canonical: false,
    addresses: [address],
  });
  const canonical = makeService({ name: 'c', namespace: 'ccc', hostname: 'x.test', addresses: [address] });
  view.apply({ upsertServices: [own, entry, canonical] });
  t.equal(view.serviceAt('', ip('10.96.0.1'), 'bbb'), own);
  t.equal(view.serviceAt('', ip('10.96.0.1'), 'elsewhere'), canonical);
  t.equal(view.serviceByHostname('x.test', 'aaa'), entry);
  view.apply({ removedAddresses: [keyOf(canonical)] });
  t.equal(view.serviceAt('', ip('10.96.0.1'), 'elsewhere'), entry);
});

test('a service visible in its namespace alone is hidden from all others', async (t) => {
  const view = createMeshView();
  const hidden = makeService({
    name: 'h',
    visibility: 'namespace',
    addresses: [vip('10.96.0.2'), vip('10.97.0.0', 16)],
  });
  view.apply({ upsertServices: [hidden] });
  t.equal(view.serviceAt('', ip('10.96.0.2'), 'shop'), hidden);
  t.equal(view.serviceAt('', ip('10.96.0.2'), 'other'), undefined);
  t.equal(view.serviceAt('', ip('10.97.1.1'), 'other'), undefined);
  t.equal(view.serviceByHostname(hidden.hostname, 'other'), undefined);
});

test('ranges answer after exact addresses: own namespace first, then the longest prefix', async (t) => {
  const view = createMeshView();
  const wide = makeService({
    name: 'wide',
    namespace: 'own',
    addresses: [vip('10.0.0.0', 8), vip('fd00::', 16)],
  });
  const narrow = makeService({ name: 'narrow', namespace: 'far', addresses: [vip('10.1.0.0', 16)] });
  const exact = makeService({ name: 'exact', namespace: 'far', addresses: [vip('10.1.2.3', 32)] });
  view.apply({ upsertServices: [wide, narrow, exact] });
  t.equal(view.serviceAt('', ip('10.1.2.3'), 'own'), exact);
  t.equal(view.serviceAt('', ip('10.1.9.9'), 'third'), narrow);
  t.equal(view.serviceAt('', ip('10.1.9.9'), 'own'), wide);
  t.equal(view.serviceAt('', ip('10.2.0.1'), 'third'), wide);
  t.equal(view.serviceAt('', ip('fd00:1::1'), 'third'), wide);
  t.equal(view.serviceAt('', ip('11.0.0.1'), 'third'), undefined);
  view.apply({ removedAddresses: [keyOf(narrow)] });
  t.equal(view.serviceAt('', ip('10.1.9.9'), 'third'), wide);
});

test('endpoints that arrive before their service are in place when it arrives', async (t) => {
  const view = createMeshView();
  const service = makeService({ name: 'cart' });
  view.apply({ upsertWorkloads: [serving(makeWorkload({ name: 'p' }), service)] });
  t.same(view.endpoints(keyOf(service)), []);
  t.same(view.stagedServices(), [keyOf(service)]);
  view.apply({ upsertServices: [service] });
  t.same(
    view.endpoints(keyOf(service)).map((endpoint) => endpoint.workload.name),
    ['p'],
  );
  t.same(view.stagedServices(), []);
  view.apply({ removedAddresses: [keyOf(service)] });
  t.same(view.stagedServices(), [keyOf(service)]);
});

test('an unhealthy workload is no endpoint unless the service wants all', async (t) => {
  const view = createMeshView();
  const service = makeService({ name: 'cart' });
  const ill = serving(makeWorkload({ name: 'ill', status: 'unhealthy' }), service);
  const well = serving(makeWorkload({ name: 'well' }), service);
  view.apply({ upsertServices: [service], upsertWorkloads: [ill, well] });
  const names = (): string[] => view.endpoints(keyOf(service)).map((endpoint) => endpoint.workload.name);
  t.same(names(), ['well']);
  t.equal(view.allEndpoints(keyOf(service)).length, 2);
  t.equal(
    view.endpoints(keyOf(service)),
    view.endpoints(keyOf(service)),
    'one array until something changes',
  );
  view.apply({
    upsertServices: [{ ...service, loadBalancing: { ...service.loadBalancing, healthPolicy: 'allow-all' } }],
  });
  t.same(names().sort(), ['ill', 'well']);
});

test('a removal key is tried as a uid first, then as a service', async (t) => {
  const view = createMeshView();
  const service = makeService({ name: 'both' });
  const impostor = makeWorkload({ name: 'both', uid: uid(keyOf(service)) });
  view.apply({ upsertServices: [service], upsertWorkloads: [impostor] });
  view.apply({ removedAddresses: [keyOf(service)] });
  t.equal(view.workload(impostor.uid), undefined);
  t.equal(view.service(keyOf(service)), service);
  view.apply({ removedAddresses: [keyOf(service), 'never-heard-of'] });
  t.equal(view.service(keyOf(service)), undefined);
});

test('a batch gives one notice that names what changed, and none when nothing did', async (t) => {
  const view = createMeshView();
  const notices: MeshViewChange[] = [];
  view.changes.subscribe((change) => notices.push(change));
  const service = makeService({ name: 'cart' });
  const pod = serving(makeWorkload({ name: 'p' }), service);
  const policy = makePolicy({ name: 'deny' });
  view.apply({ upsertServices: [service], upsertWorkloads: [pod], upsertPolicies: [policy] });
  t.equal(notices.length, 1);
  t.same([...(notices[0]?.workloads ?? [])], [pod.uid]);
  t.same([...(notices[0]?.services ?? [])], [keyOf(service)]);
  t.same([...(notices[0]?.policies ?? [])], [policy.key]);
  view.apply({
    upsertWorkloads: [pod],
    upsertServices: [service],
    upsertPolicies: [policy],
    removedAddresses: ['x'],
  });
  t.equal(notices.length, 1, 'the very same objects change nothing');
  view.apply({ upsertWorkloads: [{ ...pod, services: new Map() }] });
  t.same([...(notices[1]?.services ?? [])], [keyOf(service)], 'a service that lost an endpoint has changed');
});

test('policies of a workload are the global ones, those of its namespace, and those it names, by key', async (t) => {
  const view = createMeshView();
  const global = makePolicy({ name: 'g', namespace: 'istio-system', scope: 'global' });
  const mine = makePolicy({ name: 'n' });
  const theirs = makePolicy({ name: 'n', namespace: 'other' });
  const named = makePolicy({ name: 's', scope: 'workload-selector' });
  const pod = makeWorkload({ name: 'p', authorizationPolicies: [named.key, mine.key] });
  view.apply({ upsertPolicies: [named, theirs, mine, global], upsertWorkloads: [pod] });
  t.same(view.policiesFor(pod).policies, [global, mine, named]);
  t.equal(view.policiesFor(pod), view.policiesFor(pod), 'one answer until something changes');
  view.apply({ removedPolicies: [named.key, global.key] });
  t.same(view.policiesFor(pod).policies, [mine]);
  t.same(view.policiesFor(pod).missing, [named.key]);
  view.apply({ upsertPolicies: [{ ...mine, scope: 'workload-selector' }] });
  t.same(
    view.policiesFor(makeWorkload({ name: 'q' })).policies,
    [],
    'a policy that stopped being for the namespace',
  );
});

test('a change concerns the policies of a workload exactly when its answer may differ', async (t) => {
  const view = createMeshView();
  const pod = makeWorkload({ name: 'p', authorizationPolicies: [makePolicy({ name: 's' }).key] });
  view.apply({ upsertWorkloads: [pod] });
  const concerns = async (batch: Parameters<typeof view.apply>[0]): Promise<boolean> => {
    let answer = false;
    const stop = view.changes.subscribe((change) => {
      answer = change.concernsPoliciesOf(pod);
    });
    view.apply(batch);
    stop();
    return answer;
  };
  t.equal(await concerns({ upsertPolicies: [makePolicy({ name: 'o', namespace: 'other' })] }), false);
  t.equal(await concerns({ upsertPolicies: [makePolicy({ name: 'x', scope: 'workload-selector' })] }), false);
  t.equal(await concerns({ upsertPolicies: [makePolicy({ name: 's', scope: 'workload-selector' })] }), true);
  t.equal(await concerns({ upsertPolicies: [makePolicy({ name: 'n' })] }), true);
  t.equal(
    await concerns({ upsertPolicies: [makePolicy({ name: 'g', namespace: 'root', scope: 'global' })] }),
    true,
  );
  t.equal(await concerns({ removedPolicies: [makePolicy({ name: 'g', namespace: 'root' }).key] }), true);
  t.equal(await concerns({ upsertWorkloads: [makeWorkload({ name: 'other' })] }), false);
  t.equal(await concerns({ upsertWorkloads: [{ ...pod, authorizationPolicies: [] }] }), true);
});

test('any sequence of batches leaves the view as one batch of what is left would', async (t) => {
  const services = [0, 1, 2].map((n) =>
    makeService({ name: `s${n}`, addresses: [vip(`10.96.0.${n % 2}`), vip('10.97.0.0', 16 + n)] }),
  );
  const arbitraryWorkload = fc
    .record({
      n: fc.nat(4),
      address: fc.nat(3),
      members: fc.subarray(services),
      status: fc.constantFrom('healthy' as const, 'unhealthy' as const),
      networkMode: fc.constantFrom('standard' as const, 'host-network' as const),
    })
    .map(({ n, address, members, status, networkMode }) =>
      serving(
        makeWorkload({ name: `w${n}`, addresses: [ip(`10.0.0.${address}`)], status, networkMode }),
        ...members,
      ),
    );
  const step = fc.oneof(
    arbitraryWorkload.map((workload) => ({ upsertWorkloads: [workload] })),
    fc.constantFrom(...services).map((service) => ({ upsertServices: [{ ...service }] })),
    fc.nat(4).map((n) => ({ removedAddresses: [`Kubernetes//Pod/shop/w${n}`] })),
    fc.constantFrom(...services).map((service) => ({ removedAddresses: [keyOf(service)] })),
  );
  const describe = (view: ReturnType<typeof createMeshView>): unknown => ({
    byAddress: [0, 1, 2, 3].map((n) => [
      view.workloadAt('', ip(`10.0.0.${n}`))?.uid,
      view.workloadsAt('', ip(`10.0.0.${n}`)).map((workload) => workload.uid),
    ]),
    vips: ['10.96.0.0', '10.96.0.1', '10.97.0.1', '10.97.200.1'].map(
      (a) => view.serviceAt('', ip(a), 'x')?.name,
    ),
    endpoints: services.map((service) =>
      view
        .endpoints(keyOf(service))
        .map((e) => e.workload.uid)
        .sort(),
    ),
    staged: [...view.stagedServices()].sort(),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 25 }), (steps) => {
      const stepwise = createMeshView();
      const workloads = new Map<string, Workload>();
      const known = new Map<string, Service>();
      for (const batch of steps) {
        stepwise.apply(batch);
        if ('upsertWorkloads' in batch) for (const w of batch.upsertWorkloads) workloads.set(w.uid, w);
        else if ('upsertServices' in batch) for (const s of batch.upsertServices) known.set(keyOf(s), s);
        else for (const name of batch.removedAddresses) if (!workloads.delete(name)) known.delete(name);
      }
      const atOnce = createMeshView();
      atOnce.apply({ upsertServices: [...known.values()], upsertWorkloads: [...workloads.values()] });
      assert.deepEqual(describe(stepwise), describe(atOnce));
    }),
    { numRuns: 300 },
  );
  t.pass('held for every sequence tried');
});

test('a change among a hundred thousand endpoints costs no more than among a few', async (t) => {
  const view = createMeshView();
  const services = Array.from({ length: 1000 }, (_, n) => makeService({ name: `s${n}` }));
  const pods = Array.from({ length: 100_000 }, (_, n) =>
    serving(
      makeWorkload({ name: `w${n}`, addresses: [ip(`10.${n >> 16}.${(n >> 8) & 255}.${n & 255}`)] }),
      services[n % 1000] ?? makeService({ name: 'none' }),
    ),
  );
  view.apply({ upsertServices: services, upsertWorkloads: pods });
  const began = performance.now();
  for (let n = 0; n < 10_000; n++) {
    const pod = pods[n];
    if (pod !== undefined) view.apply({ upsertWorkloads: [{ ...pod, status: 'unhealthy' }] });
  }
  t.ok(performance.now() - began < 5_000, 'a generous deadline that a walk over the mesh would miss');
  t.equal(view.endpoints(keyOf(services[0] ?? makeService({ name: 'none' }))).length, 90);
});
