import { type Test, test } from 'tap';
import { createSignal } from '../../../src/base/index.ts';
import { createObservationReporter } from '../../../src/proxy/index.ts';
import { createObservationStore } from '../../../src/telemetry/index.ts';
import { createGrpcClient, addressCodec } from '../../../src/wire/index.ts';
import { ADDRESS_TYPE, createDeltaClient, resourceSubscription } from '../../../src/xds/index.ts';
import type { FakeKubernetesApi } from '../../support/kubernetes-api/fake-kubernetes-api.ts';
import { edge, refusal, shop } from '../../telemetry/observation/observed-traffic.ts';
import { rootsIn } from './authority/issued.ts';
import { announceReplicas, nodeTokens, type Replica, startReplica, until } from './replica.ts';
import { connected } from './support.ts';

const NODES = ['node-1', 'node-2'];
const VALID = { state: 'valid', notBeforeMs: 1, notAfterMs: Date.UTC(2200, 0, 1), rotations: [] };

/** A proxy of a node that runs `workload`, with a discovery stream to one replica and reports to another. */
function startProxy(
  t: Test,
  fake: FakeKubernetesApi,
  options: {
    readonly node: string;
    readonly workload: string;
    readonly streamTo: Replica;
    readonly reportTo: Replica;
  },
) {
  const { node, workload } = options;
  const proxy = `ztunnel/${node}`;
  const roots = rootsIn(fake);
  const clientOf = ({ address }: Replica) => {
    const client = createGrpcClient({
      address,
      serverName: 'localhost',
      roots: { read: async () => roots, changes: createSignal<void>() },
      token: async () => `node/${node}`,
      clusterId: 'Kubernetes',
    });
    t.teardown(() => client.destroy());
    return client;
  };
  const stream = (to: Replica) => {
    const client = createDeltaClient({
      transport: clientOf(to).xdsTransport,
      node: { id: `ztunnel~127.0.0.1~${node}`, metadata: {} },
      types: [
        resourceSubscription({
          typeUrl: ADDRESS_TYPE,
          decode: addressCodec.decode,
          onUpdate: () => undefined,
        }),
      ],
    });
    client.start();
    t.teardown(() => client.destroy());
    return client;
  };
  const store = createObservationStore({ proxy });
  let reports = clientOf(options.reportTo);
  const reporter = createObservationReporter({
    ...{ proxy, version: '1.2.3', store },
    state: () => ({
      ...{ workloads: [], policies: [], waypoint: undefined },
      certificates: [
        { ...VALID, kind: 'workload', name: shop(workload).identity, proxy, serial: `of-${workload}` },
      ],
    }),
    send: (report, signal) => reports.reportObservations(report, signal),
  });
  reporter.start();
  t.teardown(() => reporter.destroy());
  let discovery = stream(options.streamTo);
  return {
    see(): void {
      store.count(edge({ source: shop(workload) }), { opened: 7 });
      store.refused(refusal({ atMs: Date.now(), source: shop(workload) }));
    },
    async moveTo(replica: Replica): Promise<void> {
      reports = clientOf(replica);
      await discovery.close();
      discovery = stream(replica);
    },
  };
}

/** What a replica says of the whole mesh, without what differs between two of them. */
async function told(replica: Replica) {
  const { proxies } = await replica.ask('/api/v1/proxies');
  const { certificates } = await replica.ask('/api/v1/certificates');
  const { refusals } = await replica.ask('/api/v1/refusals');
  const { edges } = await replica.ask('/api/v1/topology', '?window=900');
  return {
    proxies: proxies
      .map(({ id, state, types }) => `${id} ${state} ${types.some(({ sent }) => sent !== '')}`)
      .sort(),
    certificates: certificates.flatMap(({ serial }) => (serial.startsWith('of-') ? [serial] : [])).sort(),
    refusals: refusals.map(({ source }) => source.workload).sort(),
    opened: edges
      .filter(({ from }) => from.startsWith('workload/'))
      .map(({ from, rates }) => `${from} ${Math.round(rates.connects * rates.seconds)}`)
      .sort(),
  };
}

type Told = Awaited<ReturnType<typeof told>>;

async function comesToSay(t: Test, replica: Replica, wanted: Told, what: string): Promise<void> {
  const begunMs = Date.now();
  for (;;) {
    const now = await told(replica);
    const isSo = JSON.stringify(now) === JSON.stringify(wanted);
    if (isSo || Date.now() - begunMs > 60_000) {
      t.same(now, wanted, what);
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

test('every replica answers for the whole mesh, whoever of them a proxy calls', {
  timeout: 240_000,
}, async (t) => {
  const { fake, kubeconfig } = await connected(t);
  nodeTokens(fake, NODES);
  fake.put({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } });
  for (const [index, workload] of ['frontend', 'till'].entries())
    fake.put({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { namespace: 'shop', name: workload, uid: `uid-${workload}` },
      spec: { serviceAccountName: workload, nodeName: NODES[index] },
      status: { phase: 'Running', podIP: `10.244.1.${index + 2}` },
    });
  const [a, b] = await Promise.all([
    startReplica(t, kubeconfig, { instance: 'a' }),
    startReplica(t, kubeconfig, { instance: 'b' }),
  ]);
  announceReplicas(fake, [
    { instance: 'a', address: a.address },
    { instance: 'b', address: b.address },
  ]);
  await until('the root is published', () => rootsIn(fake) !== '');
  // The one goes to a replica with all that it says; of the other stream and reports go to different ones.
  const one = startProxy(t, fake, { node: 'node-1', workload: 'frontend', streamTo: a, reportTo: a });
  const two = startProxy(t, fake, { node: 'node-2', workload: 'till', streamTo: b, reportTo: a });
  one.see();
  two.see();
  two.see();
  const all: Told = {
    proxies: ['ztunnel/node-1 current true', 'ztunnel/node-2 current true'],
    certificates: ['of-frontend', 'of-till'],
    refusals: ['frontend', 'till', 'till'],
    opened: ['workload/shop/frontend 7', 'workload/shop/till 14'],
  };
  await comesToSay(t, a, all, 'the one that hears all');
  await comesToSay(t, b, all, 'the other');

  a.kill();
  await Promise.all([one.moveTo(b), two.moveTo(b)]);
  one.see();
  const more: Told = {
    ...all,
    refusals: ['frontend', 'frontend', 'till', 'till'],
    opened: ['workload/shop/frontend 14', 'workload/shop/till 14'],
  };
  await comesToSay(t, b, more, 'the one that is left');

  const c = await startReplica(t, kubeconfig, { instance: 'c' });
  announceReplicas(fake, [
    { instance: 'b', address: b.address },
    { instance: 'c', address: c.address },
  ]);
  fake.remove('EndpointSlice', 'nodemesh-system', 'controller-a');
  await comesToSay(t, c, more, 'one that has just started');
  await comesToSay(t, b, more, 'nothing counts twice');
  await Promise.all([b.stop(), c.stop()]);
});
