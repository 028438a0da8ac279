import assert from 'node:assert/strict';
import fc from 'fast-check';
import { test } from 'tap';
import {
  createMeshView,
  formatAuthority,
  type GatewayAddress,
  HBONE_PORT,
  identityOf,
  isRefusal,
  isWaypointPod,
  owningWaypoints,
  RECURSIVE_PORTS,
  resolveUpstream,
  type Service,
  type Workload,
} from '../../src/model/index.ts';
import { ip, keyOf, makeService, makeWorkload, serving, vip } from './mesh-fixtures.ts';

const gateway: fc.Arbitrary<GatewayAddress> = fc.oneof(
  fc.nat(3).map((n) => ({
    kind: 'hostname' as const,
    namespace: 'shop',
    hostname: `s${n}.shop.svc.cluster.local`,
    hboneMtlsPort: 15008,
  })),
  fc.nat(6).map((n) => ({
    kind: 'address' as const,
    network: '',
    address: ip(`10.0.0.${n}`),
    hboneMtlsPort: 15008,
  })),
);
const rarely = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.option(value, { nil: undefined, freq: 3 });
const port = fc.constantFrom(80, 80, 80, 81, 8080, 15006);
const mapping = fc.record({
  servicePort: port,
  targetPort: fc.oneof(port, fc.constant(0)),
  appProtocol: fc.constant('tcp' as const),
});

const services: fc.Arbitrary<Service[]> = fc
  .array(
    fc.record({
      addresses: fc.subarray([vip('10.96.0.0'), vip('10.96.0.1'), vip('fd00:96::1'), vip('10.0.0.0', 31)]),
      ports: fc.array(mapping, { minLength: 1, maxLength: 4 }),
      waypoint: rarely(gateway),
      waypointFailure: fc.constantFrom('refuse' as const, 'open' as const),
      weightedWaypoints: fc.array(fc.record({ destination: gateway, weight: fc.nat(2) }), { maxLength: 1 }),
      subjectAltNames: fc.subarray(['spiffe://td/ns/a/sa/b', 'nonsense']),
      loadBalancing: fc.record({
        routingPreference: fc.subarray(['zone', 'node'] as const),
        mode: fc.constantFrom('unspecified', 'strict', 'failover', 'passthrough'),
        healthPolicy: fc.constantFrom('only-healthy', 'allow-all'),
      }),
    }),
    { minLength: 2, maxLength: 4 },
  )
  .map((drafts) => drafts.map((draft, n) => makeService({ name: `s${n}`, ...draft })));

const mesh = services.chain((known) =>
  fc.record({
    services: fc.constant(known),
    workloads: fc
      .array(
        fc.record({
          addresses: fc.subarray([0, 1, 2, 3].map((n) => ip(`10.0.0.${n}`)).concat(ip('fd00::1'))),
          tunnelProtocol: fc.constantFrom('none', 'hbone', 'hbone', 'hbone', 'legacy-istio-mtls'),
          status: fc.constantFrom('healthy', 'healthy', 'unhealthy'),
          networkMode: fc.constantFrom('standard', 'standard', 'host-network'),
          network: fc.constantFrom('', '', '', 'far'),
          trustDomain: fc.constantFrom('cluster.local', 'cluster.local', 'BAD'),
          capacity: fc.constantFrom(1, 2, 0),
          node: fc.constantFrom('n1', 'n2'),
          hostname: fc.constantFrom('', 'x.test'),
          waypoint: rarely(gateway),
          members: fc.subarray(known),
        }),
        { minLength: 4, maxLength: 6 },
      )
      .map((drafts) =>
        drafts.map(({ members, ...draft }, n) =>
          serving(makeWorkload({ name: `w${n}`, ...draft }), ...members),
        ),
      ),
  }),
);

const request = fc.record({
  sourceIndex: fc.nat(5),
  address: fc
    .constantFrom(
      '10.96.0.0',
      '10.96.0.1',
      'fd00:96::1',
      '10.0.0.0',
      '10.0.0.1',
      '10.0.0.2',
      'fd00::1',
      '1.1.1.1',
    )
    .map(ip),
  port: fc.oneof(port, fc.constantFrom(15001, 15008)),
  draw: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
  excluded: fc.oneof(fc.constant<number[]>([]), fc.subarray([0, 1, 2, 3, 4, 5])),
});

const outsider = makeWorkload({ name: 'outsider', node: 'n1' });

test('whatever the mesh looks like, no way is found that security forbids', async (t) => {
  const kinds = new Map<string, number>();
  fc.assert(
    fc.property(mesh, request, ({ services: known, workloads }, asked) => {
      const view = createMeshView();
      view.apply({ upsertServices: known, upsertWorkloads: workloads });
      const source: Workload = workloads[asked.sourceIndex] ?? outsider;
      const exclude = new Set(asked.excluded.flatMap((n) => workloads[n]?.uid ?? []));
      const { address, port: dialled } = asked;
      const outcome = resolveUpstream({
        view,
        source,
        destination: { address, port: dialled },
        network: '',
        random: () => asked.draw,
        exclude,
      });
      const kind = isRefusal(outcome) ? outcome.reason : outcome.kind;
      kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
      if (isRefusal(outcome)) {
        assert.ok(
          outcome.message.length > 0 && outcome.hint.length > 0 && !/undefined/.test(outcome.message),
        );
        return;
      }
      const service = view.serviceAt('', address, source.namespace);
      const { workload } = outcome;
      assert.ok(
        !RECURSIVE_PORTS.has(dialled) && !RECURSIVE_PORTS.has(outcome.targetPort),
        'no loop into a proxy',
      );
      if (outcome.serviceAddressed) assert.equal(outcome.service, service);

      const bound = service === undefined ? [] : owningWaypoints(service);
      if (
        service?.waypointFailure === 'refuse' &&
        service.waypoint !== undefined &&
        bound.every((each) => !isWaypointPod(view, source, each))
      )
        assert.equal(outcome.kind, 'hbone-waypoint', 'a service with a waypoint is reached through it alone');

      switch (outcome.kind) {
        case 'passthrough':
          assert.equal(view.workloadAt('', address), undefined, 'no workload is reached as a stranger');
          assert.equal(outcome.expectedIdentities.size, 0);
          break;
        case 'tcp':
          assert.equal(
            workload?.tunnelProtocol,
            'none',
            'an enrolled workload is never reached in plaintext',
          );
          break;
        case 'hbone': {
          assert.ok(
            workload !== undefined && workload.tunnelProtocol === 'hbone' && outcome.port === HBONE_PORT,
          );
          assert.ok(workload.addresses.includes(outcome.address));
          assert.equal(outcome.authority, formatAuthority(outcome.address, outcome.targetPort));
          assert.ok(outcome.expectedIdentities.size > 0, 'somebody is expected');
          const own = identityOf(workload);
          assert.ok(own === undefined || outcome.expectedIdentities.has(own.id));
          break;
        }
        case 'hbone-waypoint':
          assert.equal(
            outcome.authority,
            formatAuthority(address, dialled),
            'the waypoint learns what was dialled',
          );
          assert.ok(outcome.expectedIdentities.size > 0, 'somebody is expected');
          break;
      }
      const passes = service?.loadBalancing.mode === 'passthrough' && outcome.kind !== 'hbone-waypoint';
      if (workload !== undefined && !passes)
        assert.ok(!exclude.has(workload.uid), 'what was tried is not tried again');
      if (workload !== undefined && outcome.kind !== 'hbone-waypoint' && service !== undefined && !passes) {
        assert.ok(workload.services.has(keyOf(service)) && workload.capacity > 0);
        assert.ok(workload.status === 'healthy' || service.loadBalancing.healthPolicy === 'allow-all');
      }
    }),
    { numRuns: 10_000 },
  );
  for (const kind of [
    'hbone',
    'hbone-waypoint',
    'tcp',
    'passthrough',
    'NO_ENDPOINT',
    'WAYPOINT_MISSING',
    'UNKNOWN_PORT',
  ])
    t.ok((kinds.get(kind) ?? 0) > 20, `${kind} came up ${kinds.get(kind)} times`);
});
