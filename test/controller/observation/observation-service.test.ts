import { test } from 'tap';
import { type Logger, silentLogger } from '../../../src/base/index.ts';
import { createObservationService } from '../../../src/controller/observation/index.ts';
import type { Caller } from '../../../src/controller/tokens/index.ts';
import { KEPT_MS, NO_RATES, type ObservationReport, type ProxyState } from '../../../src/model/index.ts';
import { createObservationStore } from '../../../src/telemetry/index.ts';
import { createFakeClock } from '../../support/fake-clock.ts';
import { edge, refusal, requestView } from '../../telemetry/observation/observed-traffic.ts';

const NODE_1: Caller = {
  namespace: 'nodemesh-system',
  serviceAccount: 'ztunnel',
  pod: 'z',
  podUid: 'z',
  node: 'node-1',
};

function setup(log: Logger = silentLogger) {
  const clock = createFakeClock();
  const mesh = createObservationStore({ proxy: 'controller', clock });
  const service = createObservationService({
    store: mesh,
    discoveryOf: () => undefined,
    nameOf: ({ node, pod }) => (pod === 'waypoint-1' ? 'waypoint/shop/waypoint-1' : `ztunnel/${node}`),
    clock,
    log,
  });
  const store = createObservationStore({ proxy: 'ztunnel/node-1', clock });
  // What another process has seen is called otherwise.
  const batchOf = (from: number, instance: string): ObservationReport['batch'] => {
    const batch = store.since(from);
    const refusals = batch.refusals.map((one) => ({ ...one, id: one.id.replace(store.instance, instance) }));
    return { ...batch, refusals };
  };
  const reportOf = (from: number, over: Partial<ObservationReport> = {}): ObservationReport => ({
    proxy: 'ztunnel/node-1',
    instance: store.instance,
    version: '0.1.0',
    sentMs: clock.now(),
    dashboardUrl: '',
    batch: batchOf(from, over.instance ?? store.instance),
    state: undefined,
    requests: [],
    ...over,
  });
  const refused = (): number => mesh.refusals({ windowMs: KEPT_MS, limit: 1_000 }).length;
  return { clock, mesh, service, store, reportOf, refused };
}

test('a report that was sent twice counts once', async (t) => {
  const { clock, service, store, reportOf, refused } = setup();
  store.refused(refusal({ atMs: clock.now() }));
  const first = reportOf(0);
  t.match(await service.report(first, NODE_1), { acknowledged: first.batch.upTo });
  store.refused(refusal({ atMs: clock.now() }));
  // The receipt was lost, so the proxy begins where it began before.
  t.match(await service.report(reportOf(0), NODE_1), { acknowledged: first.batch.upTo });
  t.equal(refused(), 1);
  await service.report(reportOf(first.batch.upTo), NODE_1);
  t.equal(refused(), 2);
});

test('a proxy that has started anew begins anew, and one that the controller does not know is told to', async (t) => {
  const { clock, service, store, reportOf, refused } = setup();
  store.refused(refusal({ atMs: clock.now() }));
  store.refused(refusal({ atMs: clock.now() }));
  t.match(await service.report(reportOf(1), NODE_1), { acknowledged: 0 });
  t.equal(refused(), 0);
  await service.report(reportOf(0), NODE_1);
  await service.report(reportOf(0, { instance: 'another' }), NODE_1);
  t.equal(refused(), 4);
});

test('two generations of a proxy that report side by side are each counted once', async (t) => {
  const { clock, service, store, reportOf, refused } = setup();
  store.refused(refusal({ atMs: clock.now() }));
  const { acknowledged } = await service.report(reportOf(0), NODE_1);
  await service.report(reportOf(0, { instance: 'next' }), NODE_1);
  store.refused(refusal({ atMs: clock.now() }));
  t.match(await service.report(reportOf(acknowledged), NODE_1), { acknowledged: store.since(0).upTo });
  t.equal(refused(), 3);
});

test('a proxy reports for itself alone, and only what it can have seen', async (t) => {
  const { clock, service, store, reportOf } = setup();
  store.count(edge({ reporter: 'waypoint' }), { opened: 1 });
  await clock.advance(10_000);
  await t.rejects(service.report(reportOf(0), NODE_1), {
    code: 'ERR_CONTROLLER_REPORT',
    message: 'ztunnel/node-1 cannot have seen traffic as its waypoint: expected source or destination',
  });
  await t.rejects(service.report(reportOf(0), { ...NODE_1, node: 'node-2' }), {
    code: 'ERR_CONTROLLER_SCOPE',
    message: 'expected what ztunnel/node-2 has seen itself, got what ztunnel/node-1 has seen',
  });
  const waypoint: Caller = { ...NODE_1, pod: 'waypoint-1' };
  await t.rejects(service.report(reportOf(0), waypoint), { code: 'ERR_CONTROLLER_SCOPE' });
  const proxy = 'waypoint/shop/waypoint-1';
  await t.rejects(service.report(reportOf(0, { proxy }), waypoint), {
    message: `${proxy} cannot speak for the waypoint without a name: expected one of the namespace shop`,
  });
});

test("a waypoint speaks for a waypoint of its own namespace alone, since it is believed before others' nodes", async (t) => {
  const { clock, service, store, reportOf } = setup();
  const waypoint: Caller = { ...NODE_1, pod: 'waypoint-1' };
  const proxy = 'waypoint/shop/waypoint-1';
  const foreign = `${proxy} cannot speak for the waypoint bank/waypoint: expected one of the namespace shop`;
  store.count(edge({ reporter: 'waypoint', waypoint: 'shop/waypoint' }), { opened: 1 });
  await clock.advance(10_000);
  const state = (namespace: string): ProxyState => ({
    ...{ workloads: [], certificates: [], policies: [] },
    waypoint: {
      ...{ namespace, name: 'waypoint', serves: '', routes: [], ejected: [] },
      ...{ ready: { pods: 1, total: 1 }, rates: NO_RATES },
    },
  });
  await t.rejects(service.report(reportOf(0, { proxy, state: state('bank') }), waypoint), {
    code: 'ERR_CONTROLLER_REPORT',
    message: foreign,
  });
  await service.report(reportOf(0, { proxy, state: state('shop') }), waypoint);
  const from = store.since(0).upTo;
  store.count(edge({ reporter: 'waypoint', waypoint: 'bank/waypoint' }), { opened: 1 });
  await clock.advance(10_000);
  await t.rejects(service.report(reportOf(from, { proxy }), waypoint), { message: foreign });
});

test('a proxy that reports all the time is told to wait, and one that is silent is forgotten', async (t) => {
  const { clock, service, reportOf } = setup();
  for (let index = 0; index < 50; index++) await service.report(reportOf(0), NODE_1);
  await t.rejects(service.report(reportOf(0), NODE_1), {
    code: 'ERR_CONTROLLER_REPORT_RATE',
    retryable: true,
  });
  await clock.advance(1_000);
  await service.report(reportOf(0), NODE_1);
  t.same([...service.proxies().keys()], ['ztunnel/node-1']);
  await clock.advance(2 * KEPT_MS);
  await service.report(reportOf(0, { proxy: 'ztunnel/node-2' }), { ...NODE_1, node: 'node-2' });
  t.same([...service.proxies().keys()], ['ztunnel/node-2']);
});

test('requests are told on to who follows them, and asked for only then', async (t) => {
  const { mesh, service, reportOf } = setup();
  const seen: string[] = [];
  t.match(await service.report(reportOf(0), NODE_1), { requestsFollowed: false });
  const unfollow = mesh.follow({ requestEnded: ({ path }) => seen.push(path) });
  t.match(await service.report(reportOf(0, { requests: [requestView('/a')] }), NODE_1), {
    requestsFollowed: true,
  });
  unfollow();
  t.match(await service.report(reportOf(0, { requests: [requestView('/b')] }), NODE_1), {
    requestsFollowed: false,
  });
  t.same(seen, ['/a']);
});

test('a proxy whose clock is apart is named once, with the difference, and again when it is right', async (t) => {
  const said: string[] = [];
  const note = (event: string, fields?: object): void => void said.push(`${event} ${JSON.stringify(fields)}`);
  const { clock, service, reportOf } = setup({ ...silentLogger, info: note, warn: note });
  for (const aheadMs of [-3_420_000, -3_421_000, 500, 7_200_000]) {
    await service.report(reportOf(0, { sentMs: clock.now() + aheadMs }), NODE_1);
    await clock.advance(1_000);
  }
  const proxy = '"proxy":"ztunnel/node-1"';
  const differs = 'the clock of a proxy differs: synchronize both with NTP';
  t.same(said, [
    `${differs} {${proxy},"clock":"57 min behind the controller's"}`,
    `the clock of a proxy is right again {${proxy}}`,
    `${differs} {${proxy},"clock":"2.0 h ahead of the controller's"}`,
  ]);
  t.equal(service.proxies().get('ztunnel/node-1')?.clockAheadMs, 7_200_000);
});

test('reports are taken at their rate also where the clock of the controller is set back', async (t) => {
  const { clock, service, reportOf } = setup();
  await service.report(reportOf(0), NODE_1);
  clock.set(-3_600_000);
  for (let report = 0; report < 100; report++) {
    await clock.advance(1_000);
    await service.report(reportOf(0), NODE_1);
  }
  clock.set(7_200_000);
  await service.report(reportOf(0), NODE_1);
  t.equal(service.proxies().size, 1);
});
