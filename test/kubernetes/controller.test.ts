import { type Test, test } from 'tap';
import { createSignal } from '../../src/base/index.ts';
import {
  createKubernetesApi,
  isKubernetesError,
  type KubernetesApi,
  type KubernetesObject,
  resourceType,
} from '../../src/controller/kubernetes/index.ts';
import { createKubernetesSink } from '../../src/controller/sink/index.ts';
import { createSigningRequest } from '../../src/identity/index.ts';
import { workloadIdentity } from '../../src/model/index.ts';
import { createGrpcClient } from '../../src/wire/index.ts';
import { startReplica, until } from '../controller/kubernetes/replica.ts';

const file = process.env.KUBECONFIG ?? '';
const TYPES = {
  Namespace: resourceType('v1', 'namespaces', false),
  Node: resourceType('v1', 'nodes', false),
  Pod: resourceType('v1', 'pods', true),
  Service: resourceType('v1', 'services', true),
  ServiceAccount: resourceType('v1', 'serviceaccounts', true),
  Event: resourceType('v1', 'events', true),
  ConfigMap: resourceType('v1', 'configmaps', true),
  Lease: resourceType('coordination.k8s.io/v1', 'leases', true),
};

type Made = {
  readonly kind: keyof typeof TYPES;
  readonly metadata: object;
  readonly [field: string]: unknown;
};

/** A node, and pods on it that run as far as the API server is told. */
async function furnish(t: Test): Promise<KubernetesApi> {
  const api = createKubernetesApi({ access: { kind: 'kubeconfig', file } });
  t.teardown(() => api.close());
  const make = async ({ kind, ...rest }: Made): Promise<void> => {
    const { namespace } = rest.metadata as { namespace?: string };
    try {
      await api.create({ resource: TYPES[kind], namespace }, { apiVersion: 'v1', kind, ...rest });
    } catch (error) {
      if (!isKubernetesError(error, 'ERR_KUBERNETES_EXISTS')) throw error;
    }
  };
  const pod = (namespace: string, name: string): Made => ({
    kind: 'Pod',
    metadata: { namespace, name },
    spec: {
      serviceAccountName: name,
      nodeName: 'node-1',
      automountServiceAccountToken: false,
      containers: [{ name: 'main', image: 'none.invalid/none:1' }],
    },
  });
  await make({ kind: 'Node', metadata: { name: 'node-1' } });
  for (const [namespace, name] of [
    ['nodemesh-system', 'ztunnel'],
    ['shop', 'cart'],
  ] as const) {
    await make({ kind: 'Namespace', metadata: { name: namespace } });
    await make({ kind: 'ServiceAccount', metadata: { namespace, name } });
    await make(pod(namespace, name));
    const target = { resource: TYPES.Pod, namespace, name, subresource: 'status' };
    await api.patch(target, { type: 'merge', body: { status: { phase: 'Running', podIP: '10.1.0.9' } } });
  }
  return api;
}

const cart = { resource: TYPES.Pod, namespace: 'shop', name: 'cart' };

test('what the controller writes, an API server takes', async (t) => {
  const api = await furnish(t);
  const sink = createKubernetesSink({ api, instance: 'test' });
  const { uid } = (await api.get(cart)).metadata;
  const named = { namespace: 'shop', name: 'cart' };
  const annotationsOf = async () => (await api.get(cart)).metadata.annotations ?? {};
  await sink.annotatePod({ ...named, uid, annotations: { 'ambient.istio.io/redirection': 'enabled' } });
  t.match(await annotationsOf(), { 'ambient.istio.io/redirection': 'enabled' });
  const other = crypto.randomUUID();
  await sink.annotatePod({ ...named, uid: other, annotations: { 'ambient.istio.io/redirection': null } });
  t.match(await annotationsOf(), { 'ambient.istio.io/redirection': 'enabled' }, 'a namesake is left alone');

  const condition = { type: 'nodemesh.io/Enrolled', reason: 'r', message: 'm', observedGeneration: 1 };
  const status = { apiVersion: 'v1', kind: 'Pod', ...named, writer: 'enrolment' };
  for (const value of ['True', 'False'] as const)
    await sink.setStatus({ ...status, conditions: [{ ...condition, status: value }] });
  t.match((await api.get(cart)).status, {
    phase: 'Running',
    conditions: [{ ...condition, status: 'False' }],
  });

  const notice = { kind: 'Pod', ...named, type: 'Warning' as const, reason: 'Tested', message: 'once' };
  await sink.recordEvent(notice);
  await createKubernetesSink({ api, instance: 'another' }).recordEvent(notice);
  const events = await api.list({ resource: TYPES.Event, namespace: 'shop' });
  t.match(
    events.items.filter(({ reason }) => reason === 'Tested'),
    [{ count: 2, involvedObject: { uid } }],
  );

  const metadata = {
    namespace: 'shop',
    name: 'waypoint',
    labels: {},
    annotations: { 'nodemesh.io/applied': '1' },
    ownerReferences: [],
  };
  const service = { apiVersion: 'v1', kind: 'Service', metadata };
  const ports = [{ name: 'mesh', port: 15008, protocol: 'TCP' }];
  await sink.applyObject({ ...service, spec: { ports, selector: { a: 'b' } } });
  await sink.applyObject({ ...service, spec: { ports } });
  const target = { resource: TYPES.Service, namespace: 'shop', name: 'waypoint' };
  const applied: KubernetesObject = await api.get(target);
  t.equal(
    (applied.spec as { selector?: unknown }).selector,
    undefined,
    'what is not said any more is taken back',
  );
  await sink.deleteObject(service);
  await t.rejects(api.get(target), { code: 'ERR_KUBERNETES_NOT_FOUND' });
});

test('replicas in a cluster review tokens, share an authority and follow one another', async (t) => {
  const api = await furnish(t);
  const { uid, name } = (await api.get({ ...cart, namespace: 'nodemesh-system', name: 'ztunnel' })).metadata;
  const account = { resource: TYPES.ServiceAccount, namespace: 'nodemesh-system', name: 'ztunnel' };
  const tokenFor = async (audience: string): Promise<string> => {
    const request = {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      metadata: {},
      spec: { audiences: [audience], boundObjectRef: { kind: 'Pod', apiVersion: 'v1', name, uid } },
    };
    const made = await api.create({ ...account, subresource: 'token' }, request);
    return String((made.status as { token?: unknown }).token);
  };
  const [a, b] = await Promise.all(['a', 'b'].map((instance) => startReplica(t, file, { instance })));
  if (a === undefined || b === undefined) throw new Error('two replicas were started');
  const roots = { resource: TYPES.ConfigMap, namespace: 'nodemesh-system', name: 'nodemesh-root-cert' };
  let rootsPem = '';
  await until('a leader', () => a.cluster.leadership.leading || b.cluster.leadership.leading);
  for (let round = 0; round < 100 && rootsPem === ''; round++) {
    const found = await api.get(roots).catch(() => undefined);
    rootsPem = (found?.data as Record<string, string> | undefined)?.['root-cert.pem'] ?? '';
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  const [good, bad] = [await tokenFor('istio-ca'), await tokenFor('vault')];
  const impersonated = workloadIdentity({
    trustDomain: 'cluster.local',
    namespace: 'shop',
    serviceAccount: 'cart',
  });
  for (const { address } of [a, b]) {
    let token = bad;
    const client = createGrpcClient({
      address,
      serverName: 'localhost',
      roots: { read: async () => rootsPem, changes: createSignal<void>() },
      token: async () => token,
      clusterId: 'Kubernetes',
    });
    const { csrPem } = await createSigningRequest(impersonated);
    const sign = () => client.createCertificate({ csrPem, ttlMs: 0, impersonated });
    await t.rejects(sign(), { code: 'ERR_WIRE_UNAUTHENTICATED' }, 'a token for somebody else');
    token = good;
    t.equal((await sign()).chainPem.at(-1), rootsPem);
    await client.close();
  }
  const [leader, other] = a.cluster.leadership.leading ? [a, b] : [b, a];
  await leader.stop();
  const tookMs = await until('another leader', () => other.cluster.leadership.leading);
  t.ok(tookMs < 15_000, `${tookMs} ms`);
  await other.stop();
  const lease = { resource: TYPES.Lease, namespace: 'nodemesh-system', name: 'nodemesh-controller' };
  t.match((await api.get(lease)).spec, { holderIdentity: '' });
});
