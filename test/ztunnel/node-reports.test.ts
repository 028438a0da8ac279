import { test } from 'tap';
import { silentLogger } from '../../src/base/index.ts';
import type { EnrolmentReport, WorkloadUid } from '../../src/model/index.ts';
import { createNodeReports } from '../../src/ztunnel/enrolment/index.ts';
import { createFakeClock } from '../support/fake-clock.ts';

function reports(fail: () => boolean) {
  const clock = createFakeClock();
  const sent: EnrolmentReport[] = [];
  const send = async (report: EnrolmentReport) => {
    sent.push(report);
    if (fail()) throw new Error('controller is away');
    return { acknowledged: true };
  };
  return {
    clock,
    sent,
    reports: createNodeReports({ node: 'a', send, clock, log: silentLogger, random: () => 0.5 }),
  };
}

const uid = (name: string): WorkloadUid => `Kubernetes//Pod/shop/${name}` as WorkloadUid;

test('states of one moment share a report, and each report carries all pods', async (t) => {
  const { clock, sent, reports: node } = reports(() => false);
  const both = [
    node.report({ uid: uid('a'), state: 'prepared' }),
    node.report({ uid: uid('b'), state: 'prepared' }),
  ];
  await clock.advance(10);
  t.same(await Promise.all(both), [{ acknowledged: true }, { acknowledged: true }]);
  const third = node.report({ uid: uid('b'), state: 'captured' });
  await clock.advance(10);
  await third;
  t.same(
    sent.map((report) => report.pods.map(({ state }) => state)),
    [
      ['prepared', 'prepared'],
      ['prepared', 'captured'],
    ],
  );
  t.ok((sent[1]?.generation ?? 0) > (sent[0]?.generation ?? 0));
  node.close();
});

test('a report that was not delivered rejects, and its states are sent again', async (t) => {
  let failing = true;
  const { clock, sent, reports: node } = reports(() => failing);
  const first = node.report({ uid: uid('a'), state: 'captured' });
  const rejected = t.rejects(first, /away/);
  await clock.advance(10);
  await rejected;
  failing = false;
  await clock.advance(200);
  t.equal(sent.length, 2);
  t.equal(sent[1]?.pods[0]?.state, 'captured');
  node.close();
  t.equal(clock.pending, 0);
});

test('a released pod is told once and then forgotten', async (t) => {
  const { clock, sent, reports: node } = reports(() => false);
  const released = node.report({ uid: uid('a'), state: 'released' });
  await clock.advance(10);
  await released;
  const other = node.report({ uid: uid('b'), state: 'captured' });
  await clock.advance(10);
  await other;
  t.same(
    sent[1]?.pods.map((entry) => entry.uid),
    [uid('b')],
  );
  node.close();
});
