import { test } from 'tap';
import { type ObservationReport, SLOT_MS } from '../../src/model/index.ts';
import { createObservationReporter } from '../../src/proxy/index.ts';
import { createObservationStore } from '../../src/telemetry/index.ts';
import { WireError } from '../../src/wire/index.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import { edge, refusal, requestView } from '../telemetry/observation/observed-traffic.ts';

const MESH_URL = 'https://mesh.example/';

function setup(t: { teardown(end: () => unknown): void }, proxy = 'ztunnel/node-1') {
  const clock = createFakeClock();
  const store = createObservationStore({ proxy, clock });
  const reports: ObservationReport[] = [];
  const answers: ((report: ObservationReport) => number)[] = [];
  const watchers = new Set<string>();
  let isSilent = false;
  const reporter = createObservationReporter({
    proxy,
    version: '0.1.0',
    dashboardUrl: 'http://127.0.0.1:4001/',
    store,
    state: () => ({ workloads: [], certificates: [], policies: [], waypoint: undefined }),
    async send(report) {
      reports.push(report);
      if (isSilent) return new Promise(() => undefined);
      const answer = answers.shift() ?? (({ batch }) => batch.upTo);
      return {
        acknowledged: answer(report),
        requestsFollowed: watchers.size > 0,
        meshDashboardUrl: MESH_URL,
      };
    },
    clock,
    random: () => 0,
  });
  t.teardown(() => {
    reporter.destroy();
  });
  const refuse = (): void => store.refused(refusal({ atMs: clock.now() }));
  const silence = (): void => {
    isSilent = true;
  };
  return { clock, store, reports, answers, watchers, reporter, refuse, silence };
}

const fail = (code: 'ERR_WIRE_UNAVAILABLE' | 'ERR_WIRE_INVALID_REQUEST') => (): never => {
  throw new WireError({ code, blame: 'upstream', message: 'no', retryable: code === 'ERR_WIRE_UNAVAILABLE' });
};

test('a refusal is reported within two seconds, and an idle proxy reports every ten', async (t) => {
  const { clock, reports, reporter, refuse } = setup(t);
  t.equal(reporter.meshDashboardUrl, '', 'nobody has told it yet');
  reporter.start();
  await clock.advance(1);
  t.equal(reports.length, 1, 'it is there');
  t.equal(reports[0]?.dashboardUrl, 'http://127.0.0.1:4001/');
  t.equal(reporter.meshDashboardUrl, MESH_URL);
  t.match(reports[0], { state: { workloads: [] }, batch: { refusals: [] } });
  await clock.advance(3_000);
  refuse();
  await clock.advance(2_000);
  t.equal(reports.length, 2);
  t.match(reports[1], { batch: { refusals: [{ kind: 'refused' }] } });
  await clock.advance(8_500);
  t.equal(reports.length, 2);
  await clock.advance(3_000);
  t.match(reports[2], { state: { workloads: [] }, batch: { refusals: [] } });
});

test('a report that nobody took is sent again, later and later, with what came meanwhile', async (t) => {
  const { clock, reports, answers, reporter, refuse } = setup(t);
  answers.push(fail('ERR_WIRE_UNAVAILABLE'), fail('ERR_WIRE_UNAVAILABLE'), fail('ERR_WIRE_UNAVAILABLE'));
  refuse();
  reporter.start();
  await clock.advance(1);
  refuse();
  await clock.advance(60_000);
  t.ok(reports.length < 12, `${reports.length} reports`);
  t.same(
    reports.slice(0, 4).map(({ batch }) => batch.refusals.length),
    [1, 2, 2, 2],
  );
  t.equal(reports[4]?.batch.refusals.length, 0);
});

test('a controller that has started anew is told everything that is kept', async (t) => {
  const { clock, store, reports, answers, reporter, refuse } = setup(t);
  store.count(edge(), { opened: 1 });
  refuse();
  reporter.start();
  await clock.advance(2 * SLOT_MS);
  const before = reports.length;
  refuse();
  answers.push(() => 0);
  await clock.advance(5_000);
  t.match(reports[before], { batch: { refusals: [{}], slots: [] } });
  t.match(reports[before + 1], {
    batch: { from: 0, refusals: [{}, {}], slots: [{}] },
    state: { workloads: [] },
  });
});

test('what the controller cannot read is left out alone, and all around it is told', async (t) => {
  const { clock, store, reports, answers, reporter } = setup(t);
  for (let rule = 0; rule < 100; rule++) store.refused(refusal({ atMs: clock.now(), rule }));
  for (let times = 0; times < 60; times++)
    answers.push((report) => {
      if (report.batch.refusals.some(({ rule }) => rule === 41)) fail('ERR_WIRE_INVALID_REQUEST')();
      return report.batch.upTo;
    });
  reporter.start();
  await clock.advance(60_000);
  const taken = reports
    .flatMap(({ batch }) => (batch.refusals.some(({ rule }) => rule === 41) ? [] : batch.refusals))
    .map(({ rule }) => rule);
  t.equal(taken.length, 99);
  t.equal(new Set(taken).size, 99);
  t.notOk(taken.includes(41));
});

test('a state that the controller cannot read does not keep what was seen from being told', async (t) => {
  const { clock, reports, answers, reporter, refuse } = setup(t);
  for (let times = 0; times < 20; times++)
    answers.push((report) =>
      report.state === undefined ? report.batch.upTo : fail('ERR_WIRE_INVALID_REQUEST')(),
    );
  refuse();
  reporter.start();
  await clock.advance(1_000);
  t.match(reports, [
    { state: {}, batch: { refusals: [{}] } },
    { state: undefined, batch: { refusals: [{}] } },
  ]);
});

test('who ends tells what is left, also of a slot of time that is not over', async (t) => {
  const { clock, store, reports, reporter, refuse } = setup(t);
  reporter.start();
  await clock.advance(1);
  store.count(edge(), { opened: 1 });
  refuse();
  await reporter.close();
  t.match(reports.at(-1), { batch: { slots: [{ counts: { opened: 1 } }], refusals: [{}] } });
  const before = reports.length;
  await clock.advance(20_000);
  t.equal(reports.length, before);
  t.equal(clock.pending, 0);
});

test('who ends waits two seconds for a controller that does not answer, and not at all for one that fails', async (t) => {
  const { clock, store, reporter, silence } = setup(t);
  reporter.start();
  await clock.advance(1);
  store.count(edge(), { opened: 1 });
  silence();
  const closed = reporter.close();
  await clock.advance(2_000);
  await closed;
  t.equal(clock.pending, 0);
  const other = setup(t);
  other.reporter.start();
  await other.clock.advance(1);
  other.refuse();
  other.answers.push(fail('ERR_WIRE_UNAVAILABLE'));
  await other.reporter.close();
  t.equal(other.reports.length, 2);
});

test('who has a successor tells what it sees, and no more how things are', async (t) => {
  const { clock, reports, reporter, refuse } = setup(t);
  reporter.start();
  await clock.advance(1);
  reporter.retire();
  await clock.advance(30_000);
  t.equal(reports.length, 1, 'there is nothing to tell');
  refuse();
  await clock.advance(2_000);
  t.match(reports[1], { state: undefined, batch: { refusals: [{}] } });
});

test('how things are is told soon after something happened, also where nothing happens any more', async (t) => {
  const { clock, reports, reporter, refuse } = setup(t);
  reporter.start();
  await clock.advance(1_000);
  refuse();
  await clock.advance(1_000);
  t.match(reports[1], { state: undefined, batch: { refusals: [{}] } });
  await clock.advance(5_000);
  t.match(reports[2], { state: { workloads: [] }, batch: { refusals: [] } });
});

test('after closing nothing is sent, and no timer is left', async (t) => {
  const { clock, reports, reporter } = setup(t);
  reporter.start();
  await reporter.close();
  await clock.advance(20_000);
  t.equal(reports.length, 0);
  t.equal(clock.pending, 0);
});

test('a waypoint reports requests while somebody follows them, and not more than fit', async (t) => {
  const { clock, store, reports, watchers, reporter, refuse } = setup(t, 'waypoint/shop/waypoint-1');
  reporter.start();
  await clock.advance(1);
  t.notOk(store.isFollowed);
  watchers.add('tap');
  refuse();
  await clock.advance(1_500);
  t.ok(store.isFollowed, 'views are made from now on');
  for (let index = 0; index < 300; index++) store.requestEnded(requestView(`/${index}`));
  watchers.clear();
  refuse();
  await clock.advance(1_500);
  t.equal(reports.at(-1)?.requests.length, 200);
  t.equal(reports.at(-1)?.requests[0]?.path, '/0');
  t.notOk(store.isFollowed, 'nobody follows any more');
});

test('a ztunnel makes no views for those who follow requests', async (t) => {
  const { clock, store, watchers, reporter } = setup(t);
  watchers.add('tap');
  reporter.start();
  await clock.advance(1);
  t.notOk(store.isFollowed);
});
