import { test } from 'tap';
import { createSignal } from '../../../src/base/index.ts';
import type { WorkloadUid } from '../../../src/model/index.ts';
import { createGrpcClient, enrolmentPodCodec } from '../../../src/wire/index.ts';
import { createDeltaClient, ENROLMENT_POD_TYPE, resourceSubscription } from '../../../src/xds/index.ts';
import { nodeTokens, startReplica, until } from './replica.ts';
import { connected } from './support.ts';

const NAMESPACES = Array.from({ length: 1_000 }, (_, index) => index);
const STAYS = NAMESPACES.filter((index) => index % 2 === 0);
const uidOf = (index: number): WorkloadUid => `Kubernetes//Pod/ns-${index}/web` as WorkloadUid;

test('a thousand namespaces that are relabelled at once, half of them back again, end as they should', async (t) => {
  const { fake, kubeconfig } = await connected(t);
  nodeTokens(fake, ['node-1']);
  const label = (index: number, isIn: boolean): void => {
    const labels: Record<string, string> = isIn ? { 'istio.io/dataplane-mode': 'ambient' } : {};
    fake.put({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: `ns-${index}`, labels } });
  };
  for (const index of NAMESPACES) {
    label(index, false);
    fake.put({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { namespace: `ns-${index}`, name: 'web', uid: `uid-${index}` },
      spec: { serviceAccountName: 'web', nodeName: 'node-1' },
      status: { phase: 'Running', podIP: `10.244.${Math.floor(index / 250)}.${1 + (index % 250)}` },
    });
  }
  const replica = await startReplica(t, kubeconfig, { instance: 'a' });
  const rootsOf = (): string => {
    const data = fake.get('ConfigMap', 'nodemesh-system', 'nodemesh-root-cert')?.data;
    return (data as Record<string, string> | undefined)?.['root-cert.pem'] ?? '';
  };
  await until('roots', () => rootsOf() !== '');
  const client = createGrpcClient({
    address: replica.address,
    serverName: 'localhost',
    roots: { read: async () => rootsOf(), changes: createSignal<void>() },
    token: async () => 'node/node-1',
    clusterId: 'Kubernetes',
  });
  const wanted = new Set<string>();
  const node = createDeltaClient({
    transport: client.xdsTransport,
    node: { id: 'ztunnel~127.0.0.1~node-1', metadata: {} },
    types: [
      resourceSubscription({
        typeUrl: ENROLMENT_POD_TYPE,
        decode: enrolmentPodCodec.decode,
        onUpdate({ upserts, removed }) {
          for (const { name } of upserts) wanted.add(name);
          for (const name of removed) wanted.delete(name);
          return undefined;
        },
      }),
    ],
  });
  node.start();
  await node.ready;
  const annotated = (): number =>
    NAMESPACES.filter((index) => {
      const { annotations } = fake.get('Pod', `ns-${index}`, 'web')?.metadata ?? {};
      return annotations?.['ambient.istio.io/redirection'] === 'enabled';
    }).length;
  t.equal(wanted.size, 0);
  const since = fake.requests.length;

  for (const index of NAMESPACES) label(index, true);
  for (const index of NAMESPACES) if (!STAYS.includes(index)) label(index, false);
  const names = STAYS.map(uidOf).sort();
  await until('the node hears of those that stay, and of no others', () => {
    const heard = [...wanted].sort();
    return heard.length === names.length && heard.every((name, at) => name === names[at]);
  });

  const pods = STAYS.map((index) => ({
    ...{ uid: uidOf(index), errorCode: '', error: '' },
    state: 'captured' as const,
  }));
  await client.reportNode({ node: 'node-1', generation: 1, pods });
  await until('each of their pods says so', () => annotated() === STAYS.length);
  const writes = fake.requests
    .slice(since)
    .filter(({ resource, verb }) => resource === 'pods' && verb === 'patch');
  t.equal(writes.length, STAYS.length, 'one write for each pod');
  await Promise.all([client.close(), node.close()]);
  await replica.stop();
});
