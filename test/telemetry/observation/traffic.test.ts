import { test } from 'tap';
import { KEPT_MS, LATENCY_BOUNDS_MS, SLOT_MS, type TrafficEdge } from '../../../src/model/index.ts';
import { createObservationStore, type ObservationStore } from '../../../src/telemetry/index.ts';
import { createFakeClock, type FakeClock } from '../../support/fake-clock.ts';
import { edge, shop } from './observed-traffic.ts';

const MINUTE_MS = 60_000;

function setup(limits = {}): { readonly clock: FakeClock; readonly store: ObservationStore } {
  const clock = createFakeClock();
  return { clock, store: createObservationStore({ proxy: 'ztunnel/node-1', clock, limits }) };
}

test('what was counted within the window becomes a rate, and what is older does not', async (t) => {
  const { clock, store } = setup();
  store.count(edge(), { opened: 100 });
  await clock.advance(2 * MINUTE_MS);
  store.count(edge(), { opened: 30, sentBytes: 6_000, receivedBytes: 60 });
  const rates = store.serviceRates(MINUTE_MS).of('shop', 'cart');
  t.match(rates, { seconds: 60, connects: 0.5, sentBytes: 100, receivedBytes: 1, success: 1 });
  t.equal(rates.p50Ms, undefined, 'nothing was timed');
  t.equal(store.serviceRates(KEPT_MS).of('shop', 'cart').connects, 130 / 120, 'since the start');
  t.equal(store.serviceRates(MINUTE_MS).of('shop', 'nothing').success, 1);
});

test('after fifteen minutes it is forgotten', async (t) => {
  const { clock, store } = setup();
  store.count(edge(), { opened: 1 });
  await clock.advance(KEPT_MS + 2 * SLOT_MS);
  store.count(edge({ source: shop('shopper') }), { opened: 1 });
  t.same(
    store
      .topology({ windowMs: 2 * KEPT_MS })
      .nodes.map(({ name }) => name)
      .sort(),
    ['cart', 'cart', 'shopper'],
  );
});

test('latencies come back within a fifth', async (t) => {
  const { store } = setup();
  for (let ms = 1; ms <= 1_000; ms++) store.count(edge(), { requests: 1, status: 200, tookMs: ms });
  const { p50Ms = 0, p90Ms = 0, p99Ms = 0 } = store.serviceRates(MINUTE_MS).of('shop', 'cart');
  for (const [got, want] of [
    [p50Ms, 500],
    [p90Ms, 900],
    [p99Ms, 990],
  ] as const)
    t.ok(Math.abs(got - want) / want < 0.2, `${got} for ${want}`);
});

test('each bound belongs to its own bucket', async (t) => {
  const { clock, store } = setup();
  for (const ms of LATENCY_BOUNDS_MS) store.count(edge(), { tookMs: ms });
  store.count(edge(), { tookMs: 10 * MINUTE_MS });
  store.count(edge(), { tookMs: 0 });
  await clock.advance(SLOT_MS);
  const [slot] = store.since(0).slots;
  t.same(slot?.counts.latency, [2, ...Array(LATENCY_BOUNDS_MS.length).fill(1)]);
});

test('refused and failed requests, 5xx and failed gRPC calls lower the success', async (t) => {
  const { store } = setup();
  store.count(edge(), { requests: 6, status: 200 });
  store.count(edge(), { requests: 1, refused: 1, status: 403 });
  store.count(edge(), { requests: 1, status: 503 });
  store.count(edge(), { requests: 1, status: 200, grpcErrors: 1 });
  store.count(edge(), { requests: 1, status: 404 });
  t.equal(store.serviceRates(MINUTE_MS).of('shop', 'cart').success, 0.7);
});

test('a connection that both nodes report is one edge', async (t) => {
  const { store } = setup();
  store.count(edge(), { opened: 10 });
  store.count(edge({ reporter: 'destination', service: undefined }), { opened: 10 });
  const { edges } = store.topology({ windowMs: MINUTE_MS });
  t.same(
    edges.map(({ from, to, rates }) => [from, to, rates.connects * rates.seconds]),
    [
      ['workload/shop/frontend', 'service/shop/cart', 10],
      ['service/shop/cart', 'workload/shop/cart', 10],
    ],
  );
});

test("a client that no node reports is told by the server's node", async (t) => {
  const { store } = setup();
  store.count(edge(), { opened: 10 });
  const outside = { namespace: '', workload: '192.0.2.7', identity: '' };
  store.count(edge({ reporter: 'destination', service: undefined, source: outside, mutualTls: false }), {
    opened: 3,
  });
  const { edges, nodes } = store.topology({ windowMs: MINUTE_MS });
  t.match(
    edges.find(({ from }) => from === 'outside/192.0.2.7'),
    { to: 'workload/shop/cart', mutualTls: false },
  );
  t.equal(nodes.find(({ kind }) => kind === 'outside')?.inMesh, false);
});

test("of a waypoint's traffic its own numbers are believed, and each hop is there once", async (t) => {
  const { store } = setup();
  const waypoint = 'shop/waypoint';
  const proxy = shop('waypoint');
  store.count(edge({ waypoint, destination: proxy }), { opened: 1 });
  store.count(edge({ waypoint, reporter: 'waypoint', protocol: 'http' }), { requests: 50, status: 200 });
  store.count(edge({ reporter: 'destination', source: proxy, service: undefined }), { opened: 4 });
  const { edges } = store.topology({ windowMs: MINUTE_MS });
  t.same(
    edges.map(({ from, to, protocol, rates }) => [from, to, protocol, rates.requests * rates.seconds]),
    [
      ['workload/shop/frontend', 'service/shop/cart', 'http', 50],
      ['service/shop/cart', 'workload/shop/cart', 'http', 50],
    ],
  );
  t.equal(store.waypointRates(MINUTE_MS).of('shop', 'waypoint').connects, 0);
});

test("while a waypoint reports nothing, the client's node tells that it is dialled", async (t) => {
  const { store } = setup();
  store.count(edge({ waypoint: 'shop/waypoint', destination: shop('waypoint') }), { failed: 2 });
  const { edges } = store.topology({ windowMs: MINUTE_MS });
  t.same(
    edges.map(({ from, to }) => [from, to]),
    [['workload/shop/frontend', 'service/shop/cart']],
  );
  t.equal(edges[0]?.rates.success, 0);
});

test('a connection that never got a tunnel does not make an edge of tunnels one in plaintext', async (t) => {
  const { store } = setup();
  const lock = (): boolean | undefined => store.topology({ windowMs: MINUTE_MS }).edges[0]?.mutualTls;
  store.count(edge({ mutualTls: false }), { failed: 2 });
  t.equal(lock(), false, 'as long as there is nothing else');
  store.count(edge(), { opened: 1 });
  t.equal(lock(), true);
  store.count(edge({ mutualTls: false, protocol: 'http' }), { opened: 1 });
  t.equal(lock(), false, 'one that came through in plaintext counts');
});

test('a topology can be asked for one namespace, and says what else is known of its nodes', async (t) => {
  const { store } = setup();
  const bank = { namespace: 'bank', workload: 'teller', identity: '' };
  store.count(edge({ source: bank, destination: bank, service: undefined }), { opened: 1 });
  store.count(edge(), { opened: 1 });
  const known = {
    workloadInMesh: () => false,
    service: () => ({ inMesh: false, waypoint: 'shop/waypoint' }),
  };
  const { nodes } = store.topology({ windowMs: MINUTE_MS, namespace: 'shop', known });
  t.same(
    nodes.map(({ namespace }) => namespace),
    ['shop', 'shop', 'shop'],
  );
  t.match(
    nodes.find(({ kind }) => kind === 'service'),
    { inMesh: false, waypoint: 'shop/waypoint' },
  );
});

test('a series has one step after the other, without the one that is not over', async (t) => {
  const { clock, store } = setup();
  for (let step = 0; step < 4; step++) {
    store.count(edge(), { opened: 10 * (step + 1) });
    await clock.advance(SLOT_MS);
  }
  store.count(edge(), { opened: 1_000 });
  const { times, rates, stepMs } = store.serviceSeries({
    namespace: 'shop',
    name: 'cart',
    windowMs: 4 * SLOT_MS,
    stepMs: SLOT_MS,
  });
  t.equal(stepMs, SLOT_MS);
  t.same(
    rates.map(({ connects }) => connects),
    [2, 4, 6, 8],
  );
  t.same(
    times.map((time) => clock.now() - time),
    [20_000, 15_000, 10_000, 5_000],
  );
});

test('what comes when there are too many edges is counted under another, and nothing is lost', async (t) => {
  const { clock, store } = setup({ edges: 10 });
  const edgeOf = (index: number): TrafficEdge => edge({ source: shop(`client-${index}`) });
  for (let index = 0; index < 1_000; index++) store.count(edgeOf(index), { opened: 1 });
  await clock.advance(SLOT_MS);
  const { slots } = store.since(0, 5_000);
  t.equal(slots.length, 11);
  t.equal(slots.find(({ edge: { source } }) => source.workload === 'other')?.counts.opened, 990);
});

test('the oldest slots go when there are too many', async (t) => {
  const { clock, store } = setup({ tallies: 30 });
  for (let slot = 0; slot < 10; slot++) {
    for (let index = 0; index < 10; index++)
      store.count(edge({ source: shop(`client-${index}`) }), { opened: 1 });
    await clock.advance(SLOT_MS);
  }
  t.equal(store.since(0).slots.length, 30);
});

test('a clock that is set back loses nothing and stops nothing', async (t) => {
  const clock = createFakeClock();
  let offsetMs = 0;
  const store = createObservationStore({
    proxy: 'ztunnel/node-1',
    clock: { ...clock, now: () => clock.now() + offsetMs },
  });
  store.count(edge(), { opened: 1 });
  offsetMs = -2 * SLOT_MS;
  store.count(edge(), { opened: 1 });
  await clock.advance(5 * SLOT_MS);
  t.same(
    store.since(0).slots.map(({ counts }) => counts.opened),
    [2],
  );
  offsetMs = 3_600_000;
  store.count(edge(), { opened: 1 });
  offsetMs = 0;
  store.count(edge(), { opened: 7 });
  t.equal(Math.round(store.serviceRates(MINUTE_MS).of('shop', 'cart').connects * 25), 7);
});

test('a sum that takes long to make is used again for a while', async (t) => {
  const clock = createFakeClock();
  let readMs = 0;
  // Each look at the clock takes a while, so that adding up seems to.
  const slow = {
    ...clock,
    monotonic() {
      readMs += 100;
      return readMs;
    },
  };
  const store = createObservationStore({ proxy: 'ztunnel/node-1', clock: slow });
  const connects = (): number => {
    const { connects: perSecond, seconds } = store.serviceRates(MINUTE_MS).of('shop', 'cart');
    return Math.round(perSecond * seconds);
  };
  store.count(edge(), { opened: 1 });
  t.equal(connects(), 1);
  store.count(edge(), { opened: 1 });
  t.equal(connects(), 1);
  readMs += 2_000;
  t.equal(connects(), 2);
});
