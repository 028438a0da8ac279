import { test } from 'tap';
import { createSignal } from '../../../src/base/index.ts';
import { createSigningRequest } from '../../../src/identity/index.ts';
import { workloadIdentity } from '../../../src/model/index.ts';
import { createGrpcClient, type GrpcClient } from '../../../src/wire/index.ts';
import type { FakeKubernetesApi } from '../../support/kubernetes-api/fake-kubernetes-api.ts';
import { nodeToken, nodeTokens, type Replica, startReplica, until } from '../kubernetes/replica.ts';
import { connected } from '../kubernetes/support.ts';

const CART = workloadIdentity({ trustDomain: 'cluster.local', namespace: 'shop', serviceAccount: 'cart' });
const NOTHING = { node: 'node-1', generation: 1, pods: [] };
/** Longer than an answer about a token is kept, and than a lease lasts without being renewed. */
const FLOOD_MS = Number(process.env.NODEMESH_TEST_SECONDS ?? 12) * 1000;

function furnish(fake: FakeKubernetesApi): void {
  nodeTokens(fake, ['node-1', 'node-2']);
  fake.put({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } });
  for (const node of ['node-1', 'node-2'])
    fake.put({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { namespace: 'shop', name: `cart-${node}`, uid: `uid-cart-${node}` },
      spec: { serviceAccountName: 'cart', nodeName: node },
      status: { phase: 'Running', podIP: '10.244.1.2' },
    });
}

function clientOf(fake: FakeKubernetesApi, { address }: Replica, token: string): GrpcClient {
  const roots = fake.get('ConfigMap', 'nodemesh-system', 'nodemesh-root-cert')?.data as Record<
    string,
    string
  >;
  return createGrpcClient({
    address,
    serverName: 'localhost',
    roots: { read: async () => roots['root-cert.pem'] ?? '', changes: createSignal<void>() },
    token: async () => token,
    clusterId: 'Kubernetes',
  });
}

/** Calls with another forged token each, 240 at a time, until it is stopped. */
function flood(client: GrpcClient) {
  let over = false;
  let sent = 0;
  const one = async (): Promise<void> => {
    while (!over) {
      const token = `forged/${sent++}`;
      await client.relayReport(NOTHING, { token, timeoutMs: 5_000 }).catch(() => undefined);
      // Two cores are not what is attacked.
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  const all = Array.from({ length: 240 }, one);
  return {
    get sent() {
      return sent;
    },
    async stop(): Promise<void> {
      over = true;
      await Promise.all(all);
    },
  };
}

test('a pod that floods a controller with forged tokens costs neither its lease nor those who are known', {
  timeout: FLOOD_MS + 60_000,
}, async (t) => {
  const { fake, kubeconfig } = await connected(t);
  furnish(fake);
  const replica = await startReplica(t, kubeconfig, { instance: 'a' });
  const { leadership, tokens } = replica.cluster;
  await until('a leader, and roots', () => leadership.leading);
  await until('roots', () => fake.get('ConfigMap', 'nodemesh-system', 'nodemesh-root-cert') !== undefined);
  let lost = 0;
  leadership.changes.subscribe(() => lost++);
  const { csrPem } = await createSigningRequest(CART);
  const known = clientOf(fake, replica, nodeToken('node-1'));
  const sign = () => known.createCertificate({ csrPem, ttlMs: 0, impersonated: CART });
  await sign();
  const attacker = clientOf(fake, replica, '');
  const attack = flood(attacker);
  t.teardown(() => attack.stop());
  const endMs = Date.now() + FLOOD_MS;
  let signed = 0;
  while (Date.now() < endMs) {
    await sign();
    signed++;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  t.match(
    await tokens.verify(nodeToken('node-2'), { address: '10.0.0.2:4711', isPresent: () => true }),
    { pod: 'ztunnel-node-2' },
    'who comes from elsewhere is let in',
  );
  await attack.stop();
  await Promise.all([known.close(), attacker.close()]);
  const asked = fake.requests.filter(({ resource }) => resource.startsWith('tokenreviews')).length;
  t.comment(`${attack.sent} forged tokens, ${asked} reviews, ${signed} certificates meanwhile`);
  t.equal(lost, 0, 'the leader leads on');
  t.ok(attack.sent > 2 * asked, 'most are turned away without the API server');
});
