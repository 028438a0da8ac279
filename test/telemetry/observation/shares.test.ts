import { test } from 'tap';
import { KEPT_MS, NO_COUNTS, SLOT_MS, type TrafficSlot } from '../../../src/model/index.ts';
import { createObservationStore, type ObservationStore } from '../../../src/telemetry/index.ts';
import { createFakeClock, type FakeClock } from '../../support/fake-clock.ts';
import { edge, flow, refusal, shop, span } from './observed-traffic.ts';

const ALL = { windowMs: KEPT_MS, limit: 10_000 };
const NOTHING = { slots: [], refusals: [], flows: [], spans: [] };

function setup(limits = {}): { readonly clock: FakeClock; readonly store: ObservationStore } {
  const clock = createFakeClock();
  return { clock, store: createObservationStore({ proxy: 'ztunnel/node-1', clock, limits }) };
}

function outside(index: number): ReturnType<typeof shop> {
  return { namespace: '', workload: `192.0.2.${index}`, identity: '' };
}

test('a client that is refused again and again does not hide that others are', async (t) => {
  const { clock, store } = setup({ refusals: 20 });
  store.refused(refusal({ atMs: clock.now(), source: shop('victim') }));
  for (let index = 0; index < 500; index++)
    store.refused(refusal({ atMs: clock.now(), rule: index, source: shop('noisy') }));
  // Addresses outside of the mesh cost nothing: they are one client.
  for (let index = 0; index < 500; index++)
    store.refused(refusal({ atMs: clock.now(), source: outside(index) }));
  const sources = store.refusals(ALL).map(({ source }) => source.workload);
  t.equal(sources.length, 20);
  t.ok(sources.includes('noisy'));
  t.equal(store.refusals(ALL).find(({ source }) => source.workload === 'noisy')?.rule, 499);
  t.equal(store.since(0).refusals.length, 20);
});

test('a client that asks for ever new things does not have those forgotten that others asked for', async (t) => {
  const { store } = setup({ flows: 20 });
  const request = { method: 'GET', host: 'cart', headers: {}, tokenPrincipal: '', claims: {}, status: 200 };
  store.flow(flow({ source: shop('victim') }));
  for (let index = 0; index < 2_000; index++)
    store.flow(flow({ source: shop('noisy'), request: { ...request, path: `/${index}` } }));
  const flows = store.flows(ALL);
  t.equal(flows.length, 20);
  t.equal(flows[0]?.request?.path, '/1999');
  t.equal(flows.at(-1)?.source.workload, 'victim');
});

test('who talks to many addresses outside of the mesh does not take the room of all other edges', async (t) => {
  const { clock, store } = setup({ edges: 40 });
  for (let index = 0; index < 500; index++) {
    store.count(edge({ destination: outside(index), service: undefined }), { opened: 1 });
    store.count(edge({ source: outside(index), reporter: 'destination' }), { opened: 1 });
  }
  store.count(edge({ source: shop('late') }), { opened: 1 });
  await clock.advance(SLOT_MS);
  const { slots } = store.since(0);
  const counted = slots.map(({ edge: { source, destination }, counts }) => [
    source.workload,
    destination.workload,
    counts.opened,
  ]);
  t.same(counted, [
    ['frontend', '192.0.2.0', 1],
    ['192.0.2.0', 'cart', 1],
    ['frontend', '192.0.2.1', 1],
    ['192.0.2.1', 'cart', 1],
    ['frontend', 'other', 498],
    ['other', 'cart', 498],
    ['late', 'cart', 1],
  ]);
});

test('a proxy that reports more than there is does not take the room of the others', async (t) => {
  const { clock, store: mesh } = setup({ edges: 40, tallies: 300, refusals: 20, flows: 20, spans: 20 });
  const slotsOf = (names: readonly string[], slots: number): TrafficSlot[] =>
    names.flatMap((name) =>
      Array.from({ length: slots }, (_, slot) => ({
        edge: edge({ source: shop(name) }),
        startMs: clock.now() - slot * SLOT_MS,
        counts: { ...NO_COUNTS, opened: 1 },
      })),
    );
  const one = { proxy: 'ztunnel/honest', firstMs: clock.now(), lastMs: clock.now(), count: 1 };
  const honest = {
    slots: slotsOf(['victim'], 20),
    refusals: [{ ...refusal({ atMs: clock.now(), source: shop('victim') }), id: 'h/1', proxy: one.proxy }],
    flows: [{ ...flow({ source: shop('victim') }), ...one }],
    spans: [{ ...span(), proxy: one.proxy }],
  };
  mesh.ingest(honest, 'ztunnel/honest');
  const many = Array.from({ length: 200 }, (_, index) => `made-up-${index}`);
  mesh.ingest(
    {
      slots: slotsOf(many, 100),
      refusals: many.map((id) => ({ ...refusal({ atMs: clock.now() }), id, proxy: 'ztunnel/liar' })),
      flows: many.map((name) => ({ ...flow({ source: shop(name) }), ...one, proxy: 'ztunnel/liar' })),
      spans: many.map((spanId) => ({ ...span({ traceId: 'b'.repeat(32), spanId }), proxy: 'ztunnel/liar' })),
    },
    'ztunnel/liar',
  );
  const { nodes, edges } = mesh.topology({ windowMs: KEPT_MS });
  t.ok(nodes.some(({ name }) => name === 'victim'));
  t.equal(nodes.filter(({ name }) => name.startsWith('made-up')).length <= 10, true);
  const victim = edges.find(({ from }) => from === 'workload/shop/victim');
  t.equal(Math.round((victim?.rates.connects ?? 0) * (victim?.rates.seconds ?? 0)), 20);
  t.ok(mesh.refusals(ALL).some(({ source }) => source.workload === 'victim'));
  t.ok(mesh.flows(ALL).some(({ source }) => source.workload === 'victim'));
  t.equal(mesh.trace('a'.repeat(32)).length, 1);
  t.equal(mesh.trace('b'.repeat(32)).length, 19);
});

test('slots that are told newest first do not make more of them than there may be', async (t) => {
  const { clock, store } = setup({ tallies: 30 });
  for (let slot = 0; slot < 100; slot++)
    for (let index = 0; index < 10; index++)
      store.ingest(
        {
          ...NOTHING,
          slots: [
            {
              edge: edge({ source: shop(`client-${index}`) }),
              startMs: clock.now() - slot * SLOT_MS,
              counts: { ...NO_COUNTS, opened: 1 },
            },
          ],
        },
        `ztunnel/node-${index}`,
      );
  await clock.advance(SLOT_MS);
  t.equal(store.since(0, 5_000).slots.length, 30);
});

test('what is dated far ahead is not the newest for ever', async (t) => {
  const { clock, store } = setup();
  const atMs = clock.now() + 365 * 86_400_000;
  const wrong = { proxy: 'ztunnel/liar', firstMs: atMs, lastMs: atMs, count: 1 };
  store.ingest(
    {
      ...NOTHING,
      refusals: [{ ...refusal({ atMs }), id: 'x', proxy: 'ztunnel/liar' }],
      flows: [{ ...flow(), ...wrong }],
    },
    'ztunnel/liar',
  );
  t.equal(store.refusals(ALL).length, 1);
  await clock.advance(KEPT_MS + 2 * 60_000);
  t.same(store.refusals(ALL), []);
  t.same(store.flows(ALL), []);
});
