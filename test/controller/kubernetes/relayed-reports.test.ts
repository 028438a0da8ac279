import { test } from 'tap';
import { createSignal } from '../../../src/base/index.ts';
import type { EnrolmentState, Workload, WorkloadUid } from '../../../src/model/index.ts';
import { addressCodec, createGrpcClient } from '../../../src/wire/index.ts';
import { ADDRESS_TYPE, createDeltaClient, resourceSubscription } from '../../../src/xds/index.ts';
import type { FakeKubernetesApi } from '../../support/kubernetes-api/fake-kubernetes-api.ts';
import { announceReplicas, nodeTokens, type Replica, startReplica, until } from './replica.ts';
import { connected } from './support.ts';

const CART = 'Kubernetes//Pod/shop/cart' as WorkloadUid;
const pod = (name: string, node: string, address: string) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { namespace: 'shop', name, uid: `uid-${name}` },
  spec: { serviceAccountName: name, nodeName: node },
  status: { phase: 'Running', podIP: address },
});

function clientOf(fake: FakeKubernetesApi, replica: Replica, node: string) {
  const roots = fake.get('ConfigMap', 'nodemesh-system', 'nodemesh-root-cert')?.data as Record<
    string,
    string
  >;
  return createGrpcClient({
    address: replica.address,
    serverName: 'localhost',
    roots: { read: async () => roots['root-cert.pem'] ?? '', changes: createSignal<void>() },
    token: async () => `node/${node}`,
    clusterId: 'Kubernetes',
  });
}

test('what a node reports to one controller, the proxies of the other know before it is answered', async (t) => {
  const { fake, kubeconfig } = await connected(t);
  nodeTokens(fake, ['node-1', 'node-2']);
  const labels = { 'istio.io/dataplane-mode': 'ambient' };
  fake.put({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop', labels } });
  fake.put(pod('cart', 'node-1', '10.244.1.2'));
  fake.put(pod('shopper', 'node-2', '10.244.2.2'));
  const [a, b] = await Promise.all([
    startReplica(t, kubeconfig, { instance: 'a' }),
    startReplica(t, kubeconfig, { instance: 'b' }),
  ]);
  announceReplicas(fake, [
    { instance: 'a', address: a.address },
    { instance: 'b', address: b.address },
  ]);
  await until('roots', () => fake.get('ConfigMap', 'nodemesh-system', 'nodemesh-root-cert') !== undefined);
  const [one, two] = [clientOf(fake, a, 'node-1'), clientOf(fake, b, 'node-2')];
  const known = new Map<string, Workload>();
  const proxy = createDeltaClient({
    transport: two.xdsTransport,
    node: { id: 'ztunnel~127.0.0.1~node-2', metadata: {} },
    types: [
      resourceSubscription({
        typeUrl: ADDRESS_TYPE,
        decode: addressCodec.decode,
        onUpdate({ upserts }) {
          for (const { name, resource } of upserts)
            if (resource.kind === 'workload') known.set(name, resource.workload);
          return undefined;
        },
      }),
    ],
  });
  proxy.start();
  await proxy.ready;
  let generation = 0;
  const report = (uid: WorkloadUid, state: EnrolmentState, client = one, node = 'node-1') => {
    generation += 1;
    return client.reportNode({ node, generation, pods: [{ uid, state, errorCode: '', error: '' }] });
  };
  // Without its annotation: what the other knows it has from the report alone.
  fake.faults.add({ verb: 'patch', resource: 'pods/status' }, { type: 'slow', ms: 3_000 });
  t.equal(known.get(CART)?.tunnelProtocol, 'none');
  t.same(await report(CART, 'prepared'), { acknowledged: true });
  t.equal(known.get(CART)?.tunnelProtocol, 'hbone');
  t.equal(fake.get('Pod', 'shop', 'cart')?.metadata.annotations, undefined);

  // Pods that join together wait for one another across controllers.
  await report(CART, 'sending');
  let inStep = false;
  const waiting = one
    .reportNode({ node: 'node-1', generation: generation + 1, pods: [], awaitsOthers: true })
    .then(() => {
      inStep = true;
    });
  generation += 1;
  await new Promise((resolve) => setTimeout(resolve, 500));
  t.equal(inStep, false, 'the shopper of node-2 still sends plaintext');
  await report('Kubernetes//Pod/shop/shopper' as WorkloadUid, 'sending', two, 'node-2');
  await waiting;

  fake.faults.clear();
  await until('the annotation', () => fake.get('Pod', 'shop', 'cart')?.metadata.annotations !== undefined);
  b.kill();
  t.match(await report(CART, 'captured'), {}, 'a controller that is gone is not waited for');
  await Promise.all([one.close(), two.close(), proxy.close()]);
  await a.stop();
});
