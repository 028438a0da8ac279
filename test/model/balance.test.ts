import fc from 'fast-check';
import { test } from 'tap';
import {
  createMeshView,
  isRefusal,
  type LoadBalancing,
  type ResolveRequest,
  resolveUpstream,
  type Workload,
} from '../../src/model/index.ts';
import { ip, makeService, makeWorkload, serving, vip } from './mesh-fixtures.ts';

const client = makeWorkload({
  name: 'client',
  node: 'n1',
  locality: { region: 'r1', zone: 'z1', subzone: 's1' },
});

function picks(
  loadBalancing: LoadBalancing,
  pods: readonly (Partial<Workload> & { name: string })[],
  over: Partial<ResolveRequest> = {},
): ReadonlyMap<string, number> {
  const service = makeService({ name: 'cart', addresses: [vip('10.96.0.1')], loadBalancing });
  const view = createMeshView();
  view.apply({
    upsertServices: [service],
    upsertWorkloads: pods.map((pod, index) =>
      serving(makeWorkload({ addresses: [ip(`10.0.0.${index + 1}`)], ...pod }), service),
    ),
  });
  const counts = new Map<string, number>();
  const rounds = 1000;
  for (let round = 0; round < rounds; round++) {
    const outcome = resolveUpstream({
      view,
      source: client,
      destination: { address: ip('10.96.0.1'), port: 80 },
      network: '',
      random: () => round / rounds,
      ...over,
    });
    const name = isRefusal(outcome) ? outcome.reason : (outcome.workload?.name ?? '?');
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return counts;
}

const anywhere: LoadBalancing = { routingPreference: [], mode: 'unspecified', healthPolicy: 'only-healthy' };
const here = client.locality;
const elsewhere = { region: 'r1', zone: 'z2', subzone: '' };
const abroad = { region: 'r2', zone: 'z1', subzone: '' };

test('endpoints share connections in proportion to their capacity, and none go to capacity 0', async (t) => {
  const counts = picks(anywhere, [
    { name: 'a', capacity: 1 },
    { name: 'b', capacity: 3 },
    { name: 'c', capacity: 0 },
  ]);
  t.strictSame(Object.fromEntries(counts), { a: 250, b: 750 });
});

test('failover takes the endpoints with the longest run of matching scopes', async (t) => {
  const mode: LoadBalancing = { ...anywhere, mode: 'failover', routingPreference: ['region', 'zone'] };
  const far = { name: 'far', locality: abroad };
  const region = { name: 'region', locality: elsewhere };
  const zone = { name: 'zone', locality: here };
  t.strictSame(Object.fromEntries(picks(mode, [far, region, zone])), { zone: 1000 });
  t.strictSame(Object.fromEntries(picks(mode, [far, region])), { region: 1000 });
  t.strictSame(
    Object.fromEntries(picks(mode, [far])),
    { far: 1000 },
    'a matching zone of another region is no match',
  );
  const exclude = new Set([makeWorkload({ name: 'zone' }).uid]);
  t.strictSame(
    Object.fromEntries(picks(mode, [far, region, zone], { exclude })),
    { region: 1000 },
    'a retry goes down a rank',
  );
});

test('strict uses only endpoints that match every scope', async (t) => {
  const mode: LoadBalancing = { ...anywhere, mode: 'strict', routingPreference: ['node'] };
  t.strictSame(
    Object.fromEntries(
      picks(mode, [
        { name: 'a', node: 'n1' },
        { name: 'b', node: 'n2' },
      ]),
    ),
    { a: 1000 },
  );
  t.strictSame(Object.fromEntries(picks(mode, [{ name: 'b', node: 'n2' }])), { NO_ENDPOINT: 1000 });
});

test('every scope can rank', async (t) => {
  const same = { locality: here, node: 'n1', clusterId: 'Kubernetes', network: '' };
  const other = { locality: { region: 'x', zone: 'x', subzone: 'x' }, node: 'x', clusterId: 'x' };
  for (const scope of ['region', 'zone', 'subzone', 'node', 'cluster'] as const) {
    const mode: LoadBalancing = { ...anywhere, mode: 'failover', routingPreference: ['network', scope] };
    t.strictSame(
      Object.fromEntries(
        picks(mode, [
          { name: 'a', ...other },
          { name: 'b', ...same },
        ]),
      ),
      { b: 1000 },
      scope,
    );
  }
});

test('endpoints that cannot be reached leave the choice to those that can', async (t) => {
  const counts = picks(anywhere, [
    { name: 'far', network: 'far' },
    { name: 'named', addresses: [], hostname: 'x.test' },
    { name: 'empty', addresses: [] },
    { name: 'good' },
  ]);
  t.strictSame(Object.fromEntries(counts), { good: 1000 });
});

test('a pick is always an endpoint of the best rank, whatever the draw', async (t) => {
  const pod = fc.record({
    node: fc.constantFrom('n1', 'n2'),
    capacity: fc.nat(3),
    status: fc.constantFrom('healthy' as const, 'unhealthy' as const),
  });
  fc.assert(
    fc.property(
      fc.array(pod, { maxLength: 8 }),
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      (pods, draw) => {
        const mode: LoadBalancing = { ...anywhere, mode: 'failover', routingPreference: ['node'] };
        const named = pods.map((each, index) => ({ ...each, name: `p${index}` }));
        const [name = ''] = picks(mode, named, { random: () => draw }).keys();
        const usable = named.filter((each) => each.status === 'healthy' && each.capacity > 0);
        if (usable.length === 0) return name === 'NO_ENDPOINT';
        const near = usable.filter((each) => each.node === 'n1');
        return (near.length > 0 ? near : usable).some((each) => each.name === name);
      },
    ),
    { numRuns: 30 },
  );
  t.pass('held for every mesh tried');
});

test('what was prepared for one state of a service is not used for the next', async (t) => {
  const service = makeService({ name: 'cart', addresses: [vip('10.96.0.1')] });
  const view = createMeshView();
  const first = serving(makeWorkload({ name: 'first', addresses: [ip('10.0.0.1')] }), service);
  const second = serving(makeWorkload({ name: 'second', addresses: [ip('10.0.0.2')] }), service);
  const resolve = (): string | undefined => {
    const outcome = resolveUpstream({
      view,
      source: client,
      destination: { address: ip('10.96.0.1'), port: 80 },
      network: '',
      random: () => 0,
    });
    return isRefusal(outcome) ? outcome.reason : `${outcome.workload?.name}:${outcome.targetPort}`;
  };
  view.apply({ upsertServices: [service], upsertWorkloads: [first] });
  t.equal(resolve(), 'first:8080');
  view.apply({ removedAddresses: [first.uid], upsertWorkloads: [second] });
  t.equal(resolve(), 'second:8080');
  view.apply({
    upsertServices: [{ ...service, ports: [{ servicePort: 80, targetPort: 1, appProtocol: 'tcp' }] }],
  });
  t.equal(resolve(), 'second:1');
  view.apply({ upsertWorkloads: [{ ...second, status: 'unhealthy' }] });
  t.equal(resolve(), 'NO_ENDPOINT');
});
