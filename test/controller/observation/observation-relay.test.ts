import { test } from 'tap';
import { silentLogger } from '../../../src/base/index.ts';
import { createObservationRelay } from '../../../src/controller/observation/relay/index.ts';
import type { ObservationReceipt, ObservationReport } from '../../../src/model/index.ts';
import { WireError, type WireErrorCode } from '../../../src/wire/index.ts';
import { createFakeClock } from '../../support/fake-clock.ts';

const RECEIPT: ObservationReceipt = { acknowledged: 1, requestsFollowed: false, meshDashboardUrl: '' };

function reportOf(proxy: string): ObservationReport {
  return {
    ...{ proxy, instance: 'i', version: '', sentMs: 0, dashboardUrl: '' },
    ...{ batch: { from: 0, upTo: 1, slots: [], refusals: [], flows: [], spans: [] }, state: undefined },
    requests: [],
  };
}

function setup() {
  const clock = createFakeClock();
  const said: string[] = [];
  const calls: string[] = [];
  /** What the other controller does with a report. */
  let answer = async (_report: ObservationReport): Promise<ObservationReceipt> => RECEIPT;
  const peer = {
    relayObservations: (report: ObservationReport, { token }: { readonly token: string }) => {
      calls.push(`${report.proxy} ${token}`);
      return answer(report);
    },
  };
  const others = new Map([['10.0.0.2:15012', peer]]);
  const note = (event: string): void => void said.push(event);
  const relay = createObservationRelay({
    peers: { current: () => others },
    clock,
    log: { ...silentLogger, info: note, warn: note },
  });
  return {
    clock,
    calls,
    others,
    said,
    relay,
    tell: (proxy: string) => relay.relay(reportOf(proxy), `of ${proxy}`, () => undefined),
    answers(how: typeof answer): void {
      answer = how;
    },
  };
}

const failing = (code: WireErrorCode) => async (): Promise<never> => {
  throw new WireError({ code, blame: 'upstream', message: 'no' });
};

test('a report goes to each other controller, as the proxy that sent it', async (t) => {
  const { calls, tell } = setup();
  t.same(await tell('ztunnel/node-1'), [{ controller: '10.0.0.2:15012', receipt: RECEIPT }]);
  t.same(calls, ['ztunnel/node-1 of ztunnel/node-1']);
});

test('a controller that is away is tried once a second, and is back when it answers', async (t) => {
  const { clock, calls, said, relay, tell, answers } = setup();
  answers(failing('ERR_WIRE_UNAVAILABLE'));
  for (let report = 0; report < 10; report++) t.same(await tell(`ztunnel/node-${report}`), []);
  t.equal(calls.length, 3, 'some may be of proxies that it does not know yet');
  await clock.advance(1_000);
  for (let report = 0; report < 10; report++) await tell(`ztunnel/node-${report}`);
  t.equal(calls.length, 4);
  t.same([relay.away, said.length], [0, 0], 'an upgrade is no news');
  for (let second = 0; second < 10; second++) {
    await clock.advance(1_000);
    await tell('ztunnel/node-1');
  }
  t.equal(relay.away, 1);
  answers(async () => RECEIPT);
  await clock.advance(1_000);
  t.equal((await tell('ztunnel/node-1')).length, 1);
  t.equal((await tell('ztunnel/node-2')).length, 1);
  t.same(said, [
    'another controller takes no reports; it is told later what it misses',
    'another controller takes reports again',
  ]);
  t.equal(relay.away, 0);
});

test('a controller that refuses reports is not away', async (t) => {
  for (const code of ['ERR_WIRE_EXHAUSTED', 'ERR_WIRE_PERMISSION_DENIED'] as const) {
    const { calls, said, tell, answers } = setup();
    answers(failing(code));
    for (let report = 0; report < 10; report++) t.same(await tell(`ztunnel/node-${report}`), []);
    t.equal(calls.length, 10);
    t.same(said, []);
  }
});

test('what is under way is bounded: one report of a proxy, and 64 to a controller', async (t) => {
  const { calls, tell, answers } = setup();
  const { promise, resolve } = Promise.withResolvers<ObservationReceipt>();
  answers(() => promise);
  const waiting = Array.from({ length: 100 }, (_, node) => tell(`ztunnel/node-${node}`));
  t.equal(calls.length, 64);
  t.same(await tell('ztunnel/node-0'), [], 'its last one is still under way');
  resolve(RECEIPT);
  t.equal((await Promise.all(waiting)).flat().length, 64);
  t.equal((await tell('ztunnel/node-0')).length, 1);
});

test('a controller that has gone is told nothing more', async (t) => {
  const { calls, others, tell } = setup();
  others.clear();
  t.same(await tell('ztunnel/node-1'), []);
  t.same(calls, []);
});
