import { test } from 'tap';
import type { ApiAnswers, ServiceProblem, WaypointView } from '../../../src/model/index.ts';
import type { ObservationStore } from '../../../src/telemetry/index.ts';
import { edge, refusal, shop } from '../observation/observed-traffic.ts';
import { someFacts, startApi } from './api-fixture.ts';

type Service = ApiAnswers['/api/v1/services']['services'][number];

/** What the API finds wrong with service shop/cart after `happen`. */
async function problemsOf(
  t: Parameters<typeof startApi>[0],
  happen: (store: ObservationStore) => void,
  over: Partial<Service> = {},
  ejected: WaypointView['ejected'] = [],
): Promise<readonly ServiceProblem[]> {
  const [cart] = someFacts().services();
  if (cart === undefined) throw new Error('the fixture lacks a service');
  const facts = someFacts({
    waypoints: () =>
      someFacts()
        .waypoints(60_000)
        .map((waypoint) => ({ ...waypoint, ejected })),
    services: () => [{ ...cart, name: 'cart', endpoints: { healthy: 2, total: 2 }, waypoint: '', ...over }],
  });
  const { store, url } = await startApi(t, { facts });
  happen(store);
  const answer = (await (await fetch(`${url}/api/v1/services`)).json()) as ApiAnswers['/api/v1/services'];
  return answer.services[0]?.problems ?? [];
}

const BY_WAYPOINT = { protocol: 'http', reporter: 'waypoint', waypoint: 'shop/waypoint' } as const;
const CART = { namespace: 'shop', name: 'cart', port: 8080 };

function requests(store: ObservationStore, workload: string, count: number, tookMs: number): void {
  for (let index = 0; index < count; index++)
    store.count(edge({ ...BY_WAYPOINT, destination: shop(workload) }), { requests: 1, status: 200, tookMs });
}

test('a service that does well has no problem', async (t) => {
  t.same(await problemsOf(t, (store) => requests(store, 'cart', 10, 20)), []);
});

test('a workload that is slow beside the others is named, with how slow both are and who saw it', async (t) => {
  const problems = await problemsOf(t, (store) => {
    requests(store, 'cart', 10, 5);
    requests(store, 'cart-v2', 10, 400);
  });
  t.match(problems, [{ kind: 'slow', workload: 'shop/cart-v2' }]);
  t.equal(problems.length, 1);
  t.match(
    problems[0]?.message,
    /^shop\/cart-v2 is slow: it answers in \d+ ms \(p50; p99 \d+ ms\); the other workloads of shop\/cart in \d\.\d ms .*, as waypoint shop\/waypoint sees it$/,
  );
});

test('a workload alone is slow when half of its answers take a second', async (t) => {
  t.same(await problemsOf(t, (store) => requests(store, 'cart', 10, 700)), []);
  t.match(await problemsOf(t, (store) => requests(store, 'cart', 10, 1_500)), [
    { kind: 'slow', workload: 'shop/cart', message: /^shop\/cart is slow: it answers in 1\.\d s/ },
  ]);
  t.same(await problemsOf(t, (store) => requests(store, 'cart', 4, 1_500)), [], 'four are no proof');
});

test('of TCP the time of connecting counts, and is not compared with that of requests', async (t) => {
  const problems = await problemsOf(t, (store) => {
    requests(store, 'cart', 10, 400);
    for (let index = 0; index < 10; index++)
      store.count(edge({ destination: shop('other') }), { opened: 1, tookMs: 3 });
    for (let index = 0; index < 10; index++)
      store.count(edge({ destination: shop('far') }), { opened: 1, tookMs: 900 });
  });
  t.match(problems, [{ workload: 'shop/far', message: /it takes connections in \d+ ms/ }]);
});

test('the edges that lead to what is slow are marked in the graph', async (t) => {
  const { store, url } = await startApi(t);
  requests(store, 'cart', 10, 5);
  requests(store, 'cart-v2', 10, 400);
  const { edges } = (await (await fetch(`${url}/api/v1/topology`)).json()) as ApiAnswers['/api/v1/topology'];
  t.same(
    edges.map(({ to, slow }) => [to, slow]),
    [
      ['service/shop/cart', true],
      ['workload/shop/cart', false],
      ['workload/shop/cart-v2', true],
    ],
  );
});

test('what fails is told with its cause, as the end knows it that the cause lies at', async (t) => {
  const failed = { kind: 'failed', policy: '', service: CART, atMs: Date.now() } as const;
  const problems = await problemsOf(t, (store) => {
    store.count(edge(), { opened: 10, failed: 10 });
    const told = {
      ...failed,
      reason: 'ERR_NET_CONNECT_REFUSED',
      message: 'connecting failed',
      hint: 'listen',
    };
    const heard = { ...failed, reason: 'ERR_TUNNEL_STATUS', message: 'got 503' };
    for (const each of [told, heard, heard]) store.refused(refusal(each));
  });
  t.same(problems, [
    { kind: 'failing', workload: '', message: '50 % of connections fail: connecting failed', hint: 'listen' },
  ]);
});

test('what the application itself answers is told as that', async (t) => {
  const problems = await problemsOf(t, (store) => {
    for (let index = 0; index < 10; index++) store.count(edge(BY_WAYPOINT), { requests: 1, status: 500 });
  });
  t.match(problems, [{ kind: 'failing', message: /requests fail: the application answers with errors$/ }]);
});

test('what a policy refuses names it, and a few refusals are no problem', async (t) => {
  const refuse = (store: ObservationStore, count: number): void => {
    store.count(edge(), { opened: 10, refused: count });
    store.refused(refusal({ service: CART, atMs: Date.now() }));
  };
  t.match(await problemsOf(t, (store) => refuse(store, 10)), [
    { kind: 'refused', message: /^50 % of connections are refused by shop\/payments-from-cart: no rule/ },
  ]);
  t.same(await problemsOf(t, (store) => refuse(store, 2)), []);
});

test('without an endpoint that is ready that is the problem, and what fails for it is not told beside it', async (t) => {
  const fail = (store: ObservationStore): void => store.count(edge(), { opened: 1, failed: 10 });
  t.match(await problemsOf(t, fail, { endpoints: { healthy: 0, total: 0 } }), [
    { kind: 'no-endpoint', message: 'it has no endpoint' },
  ]);
  t.match(await problemsOf(t, () => undefined, { endpoints: { healthy: 0, total: 2 } }), [
    { kind: 'no-endpoint', message: 'none of its 2 endpoints is ready' },
  ]);
  t.same(
    await problemsOf(t, () => undefined, { endpoints: { healthy: 0, total: 0 } }),
    [],
    'nobody asks for it',
  );
});

test('endpoints that a waypoint leaves out are named, of this service alone', async (t) => {
  const out = (backend: string) => ({ backend, endpoint: 'shop/cart-1', reason: 'ejected', untilMs: 1 });
  t.match(await problemsOf(t, () => undefined, {}, [out('shop/cart:8080'), out('shop/carts:80')]), [
    { kind: 'ejected', message: /^waypoint [^ ]+ leaves out shop\/cart-1 for now: ejected$/ },
  ]);
});

test('a waypoint that does not exist is named, and the refusals for it are not told beside it', async (t) => {
  const refuse = (store: ObservationStore): void => store.count(edge(), { opened: 1, refused: 10 });
  t.match(await problemsOf(t, refuse, { waypoint: 'shop/nowhere' }), [
    { kind: 'waypoint-missing', message: /^its waypoint shop\/nowhere does not exist/ },
  ]);
});
