import { test } from 'tap';
import { planEnrolment } from '../../../src/controller/enrolment/index.ts';
import { meshOf } from '../support/mesh-of.ts';
import { CONFORMANCE_SETTINGS, objectOf } from '../support/settings.ts';

interface PodParts {
  readonly namespace?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly hostNetwork?: boolean;
  readonly phase?: string;
  readonly node?: string;
  /** None: as before its sandbox is there. */
  readonly address?: string;
}

function plan(parts: PodParts, namespaceLabels: Readonly<Record<string, string>> = {}) {
  const { namespace = 'shop', labels = {}, annotations = {}, hostNetwork = false } = parts;
  const pod = objectOf('Pod', {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'cart', uid: '8f6c6a52-3f1e-4b5e-9a0f-0d3c5b1f7e10', namespace, labels, annotations },
    spec: { nodeName: parts.node ?? 'node-1', hostNetwork },
    status: { phase: parts.phase ?? 'Running', podIP: parts.address ?? '10.0.0.1' },
  });
  const object = objectOf('Namespace', {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: namespace, labels: namespaceLabels },
  });
  return planEnrolment(pod, { namespace: object }, CONFORMANCE_SETTINGS);
}

const MODE = 'istio.io/dataplane-mode';
const ambient = { [MODE]: 'ambient' };

test('the pod’s label decides, then the namespace’s, each with our twin first', async (t) => {
  t.notOk(plan({}));
  t.ok(plan({}, ambient));
  t.ok(plan({ labels: ambient }));
  t.notOk(plan({ labels: { [MODE]: 'none' } }, ambient));
  t.ok(plan({}, { 'nodemesh.io/dataplane-mode': 'ambient' }));
  t.notOk(plan({}, { ...ambient, 'nodemesh.io/dataplane-mode': 'none' }));
  t.ok(plan({ labels: { [MODE]: 'none', 'nodemesh.io/dataplane-mode': 'ambient' } }));
});

test('pods that cannot or must not be captured are left alone', async (t) => {
  t.notOk(plan({ hostNetwork: true }, ambient));
  t.notOk(plan({ namespace: 'kube-system' }, ambient));
  t.notOk(plan({ phase: 'Succeeded' }, ambient));
  t.notOk(plan({ node: '' }, ambient));
  t.notOk(plan({ annotations: { 'sidecar.istio.io/status': '{}' } }, ambient));
  t.notOk(plan({ labels: { app: 'ztunnel' } }, ambient));
});

test('a static pod is left alone, and lets nobody have an identity of its namespace', async (t) => {
  const hash = '4f1e5b0b5e1f4c7f8d4b8a2a1c9d0e3f';
  const annotations = { 'kubernetes.io/config.hash': hash, 'kubernetes.io/config.mirror': hash };
  t.notOk(plan({ annotations }, ambient));
  const pod = (name: string, mirror: object) => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, uid: `uid-${name}`, namespace: 'shop', annotations: mirror },
    spec: { nodeName: 'node-1' },
    status: { phase: 'Running', podIP: '10.0.0.1' },
  });
  const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop', labels: ambient } };
  const { collections, apply } = meshOf([namespace, pod('static', annotations)]);
  t.same(collections.podsOf('node-1', 'shop', 'default'), [], 'nobody gets a certificate for it');
  t.match(
    [...collections.memberships.values()],
    [{ membership: { kind: 'bystander', name: 'static', kubernetesUid: hash } }],
    'its CNI plugin is told to let it pass',
  );
  apply(pod('cart', {}));
  t.equal(collections.podsOf('node-1', 'shop', 'default').length, 1);
});

test('a node finds a pod by the uid that the kubelet uses, and by its addresses', async (t) => {
  t.match(plan({}, ambient)?.pod, {
    kubernetesUid: '8f6c6a52-3f1e-4b5e-9a0f-0d3c5b1f7e10',
    addresses: ['10.0.0.1'],
  });
  const annotations = { 'kubernetes.io/config.hash': '4f1e5b0b5e1f4c7f8d4b8a2a1c9d0e3f' };
  const forged = plan({ annotations }, ambient);
  t.equal(forged?.pod.kubernetesUid, '8f6c6a52-3f1e-4b5e-9a0f-0d3c5b1f7e10', 'whatever it is annotated with');
});

test('a pod without a network yet is told to its node, for its CNI plugin to ask about', async (t) => {
  t.match(plan({ phase: 'Pending', address: '' }, ambient)?.pod, { addresses: [], isNew: true });
  t.notOk(plan({ phase: 'Pending', address: '', node: '' }, ambient), 'not before it is scheduled');
});

test('exclusions are read under our names and Istio’s, and nonsense in them is captured and told', async (t) => {
  const own = plan({
    labels: ambient,
    annotations: {
      'traffic.nodemesh.io/exclude-outbound-ports': '3306, 6379',
      'traffic.sidecar.istio.io/excludeOutboundPorts': '1',
      'traffic.sidecar.istio.io/excludeInboundPorts': '9090',
      'traffic.nodemesh.io/exclude-outbound-cidrs': '10.1.0.0/16,fd00::/64, somewhere',
      'ambient.istio.io/bypass-inbound-capture': 'true',
      'nodemesh.io/existing-connections': 'reset',
      'nodemesh.io/netns': 'shop.cart',
      'nodemesh.io/new': 'true',
    },
  });
  t.match(own?.pod, {
    netns: 'shop.cart',
    isNew: true,
    modes: {
      inbound: false,
      dns: false,
      excludedOutboundPorts: [3306, 6379],
      excludedInboundPorts: [9090],
      excludedOutboundCidrs: [
        { address: '10.1.0.0', prefixLength: 16 },
        { address: 'fd00::', prefixLength: 64 },
      ],
      existingConnections: 'reset',
    },
  });
  t.same(own?.warnings, [
    'traffic.nodemesh.io/exclude-outbound-cidrs: expected ranges as 10.1.0.0/16,fd00::/8, got "somewhere", which is passed over',
  ]);
});

test('the pod’s label for the access log beats its namespace’s, and an unknown word is told', async (t) => {
  const ACCESS_LOG = 'nodemesh.io/access-log';
  t.equal(plan({}, ambient)?.pod.accessLog, 'all');
  t.equal(plan({}, { ...ambient, [ACCESS_LOG]: 'none' })?.pod.accessLog, 'none');
  t.equal(
    plan({ labels: { [ACCESS_LOG]: 'failures' } }, { ...ambient, [ACCESS_LOG]: 'none' })?.pod.accessLog,
    'failures',
  );
  const odd = plan({ labels: { [ACCESS_LOG]: 'some' } }, ambient);
  t.equal(odd?.pod.accessLog, 'all');
  t.match(odd?.warnings, [/nodemesh\.io\/access-log: expected all, failures or none, got "some"/]);
});

test('an exclusion of silly size costs its pod’s node no more than one that is large', async (t) => {
  const many = (one: (index: number) => string) =>
    Array.from({ length: 30_000 }, (_, index) => one(index)).join();
  const found = plan(
    {
      annotations: {
        'traffic.sidecar.istio.io/excludeOutboundPorts': many((index) => `${index + 1}`),
        'traffic.sidecar.istio.io/excludeInboundPorts': many(() => 'nonsense'),
      },
    },
    ambient,
  );
  t.equal(found?.pod.modes.excludedOutboundPorts.length, 256);
  t.same(found?.pod.modes.excludedInboundPorts, []);
  t.ok((found?.warnings.length ?? 0) < 20, 'what is told of it is bounded too');
  t.match(
    found?.warnings.join('\n'),
    /excludeOutboundPorts: expected at most 256 entries, got 29744 more of them, which is passed over/,
  );
});
