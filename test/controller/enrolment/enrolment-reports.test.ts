import { test } from 'tap';
import {
  createCrossing,
  createReportService,
  planEnrolment,
} from '../../../src/controller/enrolment/index.ts';
import type { PodObject } from '../../../src/controller/objects/index.ts';
import type { Caller } from '../../../src/controller/tokens/index.ts';
import type { EnrolmentReport, EnrolmentState, WorkloadUid } from '../../../src/model/index.ts';
import { CONFORMANCE_SETTINGS, objectOf } from '../support/settings.ts';

/** Pods of two nodes, all of which are to join, and what became of reports. */
function cluster(pods: Readonly<Record<string, string>>) {
  const objects = new Map(
    Object.entries(pods).map(([name, node]) => {
      const pod = objectOf('Pod', {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: {
          name,
          namespace: 'shop',
          uid: `uid-${name}`,
          labels: { 'istio.io/dataplane-mode': 'ambient' },
        },
        spec: { nodeName: node },
        status: { phase: 'Running', podIP: '10.0.0.1', startTime: '2026-01-01T00:00:00Z' },
      });
      return [uidOf(name), pod] as const;
    }),
  );
  const announced: string[] = [];
  const crossing = createCrossing({
    enrolments: () =>
      [...objects.values()]
        .flatMap((pod) => planEnrolment(pod, { namespace: undefined }, CONFORMANCE_SETTINGS) ?? [])
        .map(({ node, pod }) => ({ node, pod: { ...pod, isNew: false } })),
    nodeOf: (uid) => objects.get(uid)?.node,
    isConnected: () => true,
  });
  const service = createReportService({
    trustedNodeAccounts: new Set(['nodemesh-system/ztunnel']),
    podOf: (uid) => objects.get(uid),
    crossing,
    announce: (captures: readonly { readonly pod: PodObject; readonly captured: boolean }[]) => {
      for (const { pod, captured } of captures) announced.push(`${pod.meta.name} ${captured}`);
    },
    written: () => undefined,
    acknowledged: async () => true,
    sink: { annotatePod: async () => undefined, recordEvent: () => undefined, setStatus: () => undefined },
    stepWaitMs: 50,
  });
  return {
    announced,
    async report(
      node: string,
      over: Partial<Omit<EnrolmentReport, 'pods'>>,
      states: Readonly<Record<string, EnrolmentState>> = {},
    ) {
      const entries = Object.entries(states).map(([name, state]) => ({
        uid: uidOf(name),
        state,
        errorCode: '',
        error: '',
      }));
      return service.report({ node, generation: 1_000_000, pods: entries, ...over }, proxyOf(node));
    },
  };
}

function uidOf(name: string): WorkloadUid {
  return `${CONFORMANCE_SETTINGS.clusterId}//Pod/shop/${name}` as WorkloadUid;
}

function proxyOf(node: string): Caller {
  return {
    namespace: 'nodemesh-system',
    serviceAccount: 'ztunnel',
    pod: `ztunnel-${node}`,
    podUid: 'uid',
    node,
  };
}

test("a node that speaks of another node's pods is not heard, also by those who wait for them", async (t) => {
  const { report, announced } = cluster({ cart: 'one', till: 'two' });
  await report('one', {}, { cart: 'captured' });
  t.same(announced.splice(0), ['cart true']);
  await report('one', { generation: 1_000_001 }, { cart: 'captured', till: 'captured' });
  t.same(announced.splice(0), ['cart true']);
  const waits = { awaitsOthers: true, generation: 1_000_002 };
  t.same(await report('one', waits), { acknowledged: false }, 'the till has not joined, whoever says so');
  await report('two', {}, { till: 'captured' });
  t.same(await report('one', { ...waits, generation: 1_000_003 }), { acknowledged: true });
});

test('a report that was overtaken changes nothing; a clock that was put back silences no node', async (t) => {
  const { report, announced } = cluster({ cart: 'one' });
  await report('one', { generation: 9_000_000 }, { cart: 'captured' });
  t.same(await report('one', { generation: 8_999_999 }, { cart: 'released' }), { acknowledged: false });
  t.same(announced.splice(0), ['cart true']);
  await report('one', { generation: Number.MAX_SAFE_INTEGER }, { cart: 'captured' });
  announced.splice(0);
  t.same(await report('one', { generation: 10_000_000 }, { cart: 'released' }), { acknowledged: true });
  t.same(announced, ['cart false']);
});
