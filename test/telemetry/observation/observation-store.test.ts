import { test } from 'tap';
import { KEPT_MS, NO_COUNTS, type RefusalView, SLOT_MS } from '../../../src/model/index.ts';
import { createObservationStore, type ObservationStore } from '../../../src/telemetry/index.ts';
import { createFakeClock, type FakeClock } from '../../support/fake-clock.ts';
import { edge, flow, refusal, shop, span } from './observed-traffic.ts';

const ALL = { windowMs: KEPT_MS, limit: 10_000 };

function setup(limits = {}): { readonly clock: FakeClock; readonly store: ObservationStore } {
  const clock = createFakeClock();
  return { clock, store: createObservationStore({ proxy: 'ztunnel/node-1', clock, limits }) };
}

test('refusals come newest first, each with an id of its own, and the oldest go', async (t) => {
  const { clock, store } = setup({ refusals: 3 });
  for (const policy of ['a', 'b', 'c', 'd', 'e']) store.refused(refusal({ policy, atMs: clock.now() }));
  const refusals = store.refusals(ALL);
  t.same(
    refusals.map(({ policy }) => policy),
    ['e', 'd', 'c'],
  );
  t.equal(new Set(refusals.map(({ id }) => id)).size, 3);
  t.equal(refusals[0]?.proxy, 'ztunnel/node-1');
  t.same(
    store.refusals({ ...ALL, limit: 1 }).map(({ policy }) => policy),
    ['e'],
  );
});

test('refusals and flows are found by either end, as a namespace or a name', async (t) => {
  const { clock, store } = setup();
  store.refused(refusal({ atMs: clock.now() }));
  const found = (filter: object): number => store.refusals({ ...ALL, ...filter }).length;
  t.equal(found({ source: 'shop' }), 1);
  t.equal(found({ source: 'shop/shopper' }), 1);
  t.equal(found({ source: 'shop/cart' }), 0);
  t.equal(found({ destination: 'shop/payments' }), 1);
  t.equal(found({ source: 'bank' }), 0);
  t.equal(found({ namespace: 'bank' }), 0);
  store.flow(flow({ service: { namespace: 'shop', name: 'basket', port: 80 } }));
  t.equal(store.flows({ ...ALL, destination: 'shop/basket' }).length, 1, 'by its service');
  t.equal(store.flows({ ...ALL, verdict: 'refused' }).length, 0);
});

test('what is alike is one flow record that counts', async (t) => {
  const { clock, store } = setup();
  const request = {
    method: 'GET',
    host: 'cart',
    path: '/',
    headers: {},
    tokenPrincipal: '',
    claims: {},
    status: 200,
  };
  store.flow(flow({ request }));
  await clock.advance(1_000);
  store.flow(flow({ request }));
  store.flow(flow({ request: { ...request, path: '/admin' } }));
  const [admin, first] = store.flows(ALL);
  t.match(admin, { count: 1, request: { path: '/admin' } });
  t.match(first, { count: 2, firstMs: clock.now() - 1_000, lastMs: clock.now() });
});

test('the flow that was not asked for the longest goes when there are too many', async (t) => {
  const { store } = setup({ flows: 2 });
  for (const destinationPort of [1, 2, 1, 3]) store.flow(flow({ destinationPort }));
  t.same(
    store.flows(ALL).map(({ destinationPort }) => destinationPort),
    [3, 1],
  );
});

test('flows of one client count on their own, are found again after they went, and come in the order of their last time', async (t) => {
  const { store } = setup({ flows: 3 });
  // The same end each time, as proxies give it.
  const source = flow({}).source;
  const note = (ports: readonly number[]): void => {
    for (const destinationPort of ports) store.flow({ ...flow({ destinationPort }), source });
  };
  const counted = () => store.flows(ALL).map(({ destinationPort, count }) => [destinationPort, count]);
  note([1, 2, 1, 3, 1]);
  t.same(counted(), [
    [1, 3],
    [3, 1],
    [2, 1],
  ]);
  t.same(
    store.since(0).flows.map(({ destinationPort }) => destinationPort),
    [2, 3, 1],
    'a report has them the other way round',
  );
  note([4, 5]);
  t.same(counted(), [
    [5, 1],
    [4, 1],
    [1, 3],
  ]);
  note([2]);
  t.same(counted()[0], [2, 1], 'what went begins anew');
});

test('a trace is the spans with its id, oldest first, as long as they are kept', async (t) => {
  const { store } = setup({ spans: 3 });
  store.span(span({ spanId: '1'.repeat(16), startMs: 20 }));
  store.span(span({ spanId: '2'.repeat(16), startMs: 10 }));
  store.span(span({ traceId: 'c'.repeat(32) }));
  t.same(
    store.trace('a'.repeat(32)).map(({ startMs }) => startMs),
    [10, 20],
  );
  store.span(span({ traceId: 'd'.repeat(32) }));
  t.same(
    store.trace('a'.repeat(32)).map(({ startMs }) => startMs),
    [10],
  );
  t.same(store.trace('e'.repeat(32)), []);
});

test('views are asked for only while somebody follows what needs them', async (t) => {
  const { clock, store } = setup();
  const seen: RefusalView[] = [];
  const end = store.follow({ refused: (view) => seen.push(view) });
  t.equal(store.isFollowed, false, 'refusals are made anyway');
  const endRequests = store.follow({ requestEnded: () => undefined });
  t.equal(store.isFollowed, true);
  endRequests();
  endRequests();
  t.equal(store.isFollowed, false);
  store.refused(refusal({ atMs: clock.now() }));
  end();
  store.refused(refusal({ atMs: clock.now() }));
  t.equal(seen.length, 1);
});

test('a report has what came after the last one, and slots only once they are over', async (t) => {
  const { clock, store } = setup();
  store.count(edge(), { opened: 1 });
  store.refused(refusal({ atMs: clock.now() }));
  store.flow(flow());
  store.span(span());
  const first = store.since(0);
  t.match(first, { from: 0, slots: [], refusals: [{}], flows: [{ count: 1 }], spans: [{}] });
  t.match(
    store.since(first.upTo),
    { upTo: first.upTo, slots: [], refusals: [], flows: [], spans: [] },
    'ztunnel/node-1',
  );
  await clock.advance(SLOT_MS);
  store.flow(flow());
  const second = store.since(first.upTo);
  t.match(second, { slots: [{ counts: { opened: 1 } }], refusals: [], flows: [{ count: 2 }] });
  t.same(store.since(first.upTo), second, 'the same, when the report was missed');
  t.equal(store.since(second.upTo).slots.length, 0);
});

test('a bounded report leaves nothing out: the rest comes with the next ones', async (t) => {
  const { clock, store } = setup();
  for (let index = 0; index < 25; index++) {
    store.count(edge({ source: shop(`client-${index}`) }), { opened: 1 });
    store.refused(refusal({ rule: index, atMs: clock.now() }));
    if (index % 2 === 0) store.flow(flow({ destinationPort: index }));
  }
  await clock.advance(SLOT_MS);
  const mesh = createObservationStore({ proxy: 'controller', clock });
  let from = 0;
  for (let report = 0; report < 20; report++) {
    const batch = store.since(from, 4);
    t.ok(batch.slots.length <= 4 && batch.refusals.length <= 4 && batch.flows.length <= 4);
    mesh.ingest(batch, 'ztunnel/node-1');
    from = batch.upTo;
  }
  t.equal(mesh.refusals(ALL).length, 25);
  t.equal(mesh.flows(ALL).length, 13);
  t.equal(mesh.topology({ windowMs: 60_000 }).nodes.length, 27);
});

test('reports of several proxies are one picture, with each connection once', async (t) => {
  const clock = createFakeClock();
  const mesh = createObservationStore({ proxy: 'controller', clock, lagMs: 3_000 });
  const source = createObservationStore({ proxy: 'ztunnel/node-1', clock });
  const destination = createObservationStore({ proxy: 'ztunnel/node-2', clock });
  source.count(edge(), { opened: 5 });
  destination.count(edge({ reporter: 'destination', service: undefined }), { opened: 5 });
  destination.refused(refusal({ atMs: clock.now() }));
  for (let batches = 0; batches < 2; batches++) source.flow(flow());
  await clock.advance(2 * SLOT_MS);
  mesh.ingest(source.since(0), 'ztunnel/node-1');
  mesh.ingest(destination.since(0), 'ztunnel/node-2');
  source.flow(flow());
  mesh.ingest({ ...source.since(0), slots: [], refusals: [] }, 'ztunnel/node-1');
  const { connects, seconds } = mesh.serviceRates(60_000).of('shop', 'cart');
  t.equal(connects * seconds, 5);
  t.match(mesh.refusals(ALL), [{ proxy: 'ztunnel/node-2' }]);
  t.match(mesh.flows(ALL), [{ proxy: 'ztunnel/node-1', count: 3 }], 'replaced, not added');
});

test('what several proxies report comes newest first, whoever reported first', async (t) => {
  const { clock, store } = setup();
  const nowMs = clock.now();
  for (const [proxy, atMs] of [
    ['a', nowMs],
    ['b', nowMs - 5_000],
    ['c', nowMs - 1_000],
  ] as const)
    store.ingest(
      {
        slots: [],
        refusals: [{ ...refusal({ atMs }), id: proxy, proxy }],
        flows: [{ ...flow(), proxy, firstMs: atMs, lastMs: atMs, count: 1 }],
        spans: [],
      },
      proxy,
    );
  t.same(
    store.refusals({ ...ALL, limit: 2 }).map(({ proxy }) => proxy),
    ['a', 'c'],
  );
  t.same(
    store.flows({ ...ALL, limit: 2 }).map(({ proxy }) => proxy),
    ['a', 'c'],
  );
});

test('slots of a time that is not kept, or that has not come, are left out', async (t) => {
  const { clock, store } = setup();
  const counts = { ...NO_COUNTS, opened: 1 };
  for (const offsetMs of [-2 * KEPT_MS, 10 * KEPT_MS])
    store.ingest(
      {
        slots: [{ edge: edge(), startMs: clock.now() + offsetMs, counts }],
        refusals: [],
        flows: [],
        spans: [],
      },
      'ztunnel/node-1',
    );
  t.same(store.topology({ windowMs: KEPT_MS }).edges, []);
});

test('a refusal that both ends of a tunnel tell of is one, with what each of them knows', async (t) => {
  const { clock, store } = setup();
  const told: RefusalView[] = [];
  store.follow({ refused: (one) => told.push(one) });
  const id = 'ztunnel/node-2/x/t1';
  const own = {
    ...refusal({ atMs: clock.now(), service: undefined, dialled: '10.244.2.2:8080' }),
    id,
    proxy: 'ztunnel/node-2',
  };
  const dialler = {
    ...refusal({ reporter: 'source', reason: 'ERR_TUNNEL_STATUS', policy: '', atMs: clock.now() }),
    id,
    proxy: 'ztunnel/node-2',
  };
  const whole = {
    id,
    proxy: 'ztunnel/node-2',
    reason: own.reason,
    policy: own.policy,
    service: { name: 'payments' },
    dialled: '10.96.0.12:8080',
  };
  for (const order of [
    [dialler, own],
    [own, dialler],
  ]) {
    const both = createObservationStore({ proxy: 'controller', clock });
    both.ingest({ slots: [], refusals: order, flows: [], spans: [] }, 'ztunnel/node-1');
    both.ingest({ slots: [], refusals: order, flows: [], spans: [] }, 'ztunnel/node-1');
    t.match(both.refusals(ALL), [whole]);
    t.equal(both.refusals(ALL).length, 1);
  }
  for (const one of [dialler, own, dialler]) store.refused(one);
  t.equal(store.refusals(ALL).length, 1);
  t.equal(told.length, 2, 'who follows is told when more is known, and not again');
  t.match(told[1], whole);
});

test('whoever dials as somebody else cannot say who was refused', async (t) => {
  const { clock, store } = setup();
  const id = 'ztunnel/node-2/x/t1';
  store.refused({ ...refusal({ atMs: clock.now() }), id, proxy: 'ztunnel/node-2' });
  store.refused({
    ...refusal({ reporter: 'source', source: shop('innocent') }),
    id,
    proxy: 'ztunnel/node-2',
  });
  t.match(store.refusals(ALL), [{ source: shop('shopper') }]);
});

test('a request that a waypoint could not pass on is joined with the refusal behind it', async (t) => {
  const { clock, store } = setup();
  const atMs = clock.now();
  const at = { id: 'ztunnel/node-2/x/t1', proxy: 'ztunnel/node-2' };
  const request = { method: 'GET', host: 'payments', path: '/', status: 503 };
  store.refused({ ...refusal({ atMs, source: shop('waypoint') }), ...at });
  store.refused({ ...refusal({ atMs, reporter: 'waypoint', policy: '', request }), ...at });
  t.match(store.refusals(ALL), [{ source: shop('shopper'), request, policy: 'shop/payments-from-cart' }]);
});

test('who ends may tell of what was counted in a slot that is not over, and it counts once', async (t) => {
  const { clock, store } = setup();
  store.count(edge(), { opened: 1 });
  t.same(store.since(0).slots, []);
  store.seal();
  const batch = store.since(0);
  t.match(batch.slots, [{ counts: { opened: 1 } }]);
  store.count(edge(), { opened: 1 });
  store.seal();
  t.match(store.since(batch.upTo).slots, [{ counts: { opened: 1 } }]);
  await clock.advance(3 * SLOT_MS);
  t.equal(store.since(0).slots.length, 2);
});
