import { isCaptured, isCapturedByIstio, wantsCapture } from '../../src/lab/cluster/index.ts';
import { test } from 'tap';
import { numberedNodes, parseLabFile, parseManifests } from '../../src/lab/cluster/index.ts';
import type { EndpointSliceObject, PodObject, ServiceObject } from '../../src/lab/cluster/objects/index.ts';
import { validateObject } from '../../src/lab/cluster/validate.ts';
import { containerCommand, imageName } from '../../src/lab/kubelet/index.ts';
import { nodeAddresses, serviceRules, createPodAddressPool } from '../../src/lab/network/index.ts';
import { planRollout, rolloutLimits, type RolloutSet } from '../../src/lab/reconcilers/rollout.ts';
import { createFrameDecoder, encodeFrame, FRAME_KINDS } from '../../src/lab/exec-frames.ts';

const ALONE = { sideBySide: false };

test('a rollout never asks for more than its surge nor lets fewer be ready than it may', async (t) => {
  for (const wanted of [1, 2, 3, 10]) {
    const limits = rolloutLimits(wanted, undefined);
    let current: RolloutSet = { name: 'new', replicas: 0, ready: 0, present: 0 };
    let old: RolloutSet = { name: 'old', replicas: wanted, ready: wanted, present: wanted };
    let steps = 0;
    for (; steps < 100 && (current.ready < wanted || old.replicas > 0); steps++) {
      const plan = planRollout(current, [old], limits);
      const next = { ...current, replicas: plan.get('new') ?? current.replicas };
      old = { ...old, replicas: plan.get('old') ?? old.replicas };
      old = { ...old, ready: Math.min(old.ready, old.replicas) };
      t.ok(next.replicas + old.replicas <= limits.maximumTotal, 'within the surge');
      t.ok(current.ready + old.ready >= limits.minimumReady, 'enough are ready');
      // One pod gets ready at a time.
      current = { ...next, ready: Math.min(next.replicas, current.ready + 1) };
    }
    t.ok(steps < 100, `${wanted} replicas come to an end`);
  }
});

test('recreating starts nothing before everything old is gone', async (t) => {
  const limits = rolloutLimits(2, { type: 'Recreate' });
  const fresh = { name: 'new', replicas: 0, ready: 0, present: 0 };
  const gone = planRollout(fresh, [{ name: 'old', replicas: 2, ready: 2, present: 2 }], limits);
  t.same([...gone], [['old', 0]]);
  const start = planRollout(fresh, [{ name: 'old', replicas: 0, ready: 0, present: 0 }], limits);
  t.equal(start.get('new'), 2);
});

test('shares of replicas round as Kubernetes rounds them', async (t) => {
  t.match(rolloutLimits(3, undefined), { maximumTotal: 4, minimumReady: 3 });
  const none = rolloutLimits(3, { rollingUpdate: { maxSurge: 0, maxUnavailable: 0 } });
  t.match(none, { maximumTotal: 3, minimumReady: 2 }, 'both zero would never get anywhere');
});

const metadata = (name: string) => ({
  name,
  namespace: 'shop',
  uid: name,
  resourceVersion: '1',
  generation: 1,
  creationTimestamp: '',
  labels: {},
  annotations: {},
});

const service: ServiceObject = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: metadata('cart'),
  spec: { clusterIPs: ['10.96.0.10', 'fd00:10:96::a'], ports: [{ port: 80, targetPort: 8080 }] },
};

function slice(conditions: readonly object[]): EndpointSliceObject {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { ...metadata('cart-v4'), labels: { 'kubernetes.io/service-name': 'cart' } },
    addressType: 'IPv4',
    ports: [{ name: '', port: 8080 }],
    endpoints: conditions.map((condition, index) => ({
      addresses: [`10.244.1.${index + 2}`],
      conditions: condition,
    })),
  };
}

test('a virtual address leads to ready endpoints alone, and to ending ones only when there is nobody else', async (t) => {
  const rulesFor = (conditions: readonly object[]): string =>
    serviceRules({
      services: [service],
      slices: [slice(conditions)],
      node: 'node-1',
      localPods: '10.244.1.0/24',
      family: 4,
    });
  const ready = { ready: true, serving: true, terminating: false };
  const ending = { ready: false, serving: true, terminating: true };
  const unready = { ready: false, serving: false, terminating: false };
  t.match(rulesFor([ready, ending]), /DNAT --to-destination 10\.244\.1\.2:8080/);
  t.notMatch(rulesFor([ready, ending]), /DNAT.*10\.244\.1\.3/);
  t.match(rulesFor([ending, unready]), /DNAT --to-destination 10\.244\.1\.2:8080/);
  t.notMatch(rulesFor([unready]), /DNAT/);
  t.match(rulesFor([ready, ready]), /probability 0\.5000000000 -j DNAT/);
});

test('manifests are refused with file and line', async (t) => {
  const text =
    'apiVersion: v1\nkind: Namespace\nmetadata: {name: a}\n---\napiVersion: v1\nkind: Pod\nmetadata: {name: Not_Allowed}\n';
  t.throws(() => parseManifests(text, 'objects.yaml'), {
    code: 'ERR_LAB_MANIFEST',
    message: /objects\.yaml:5: metadata\.name/,
  });
  t.throws(() => parseManifests('a: [', 'objects.yaml'), {
    code: 'ERR_LAB_MANIFEST',
    message: /^objects\.yaml:1/,
  });
  for (const [hostile, message] of [
    ['&all\nkind: List\nitems: [*all]\n', /^objects\.yaml:2: nested deeper than 200 levels/],
    [`${'a: '}${'['.repeat(300)}${']'.repeat(300)}`, /^objects\.yaml:1: nested deeper than 200 levels/],
    ['kind: List\nitems: [null]\n', /^objects\.yaml:1: expected an object/],
    ['a: *nowhere\n', /^objects\.yaml:1: Unresolved alias/],
    [' '.repeat(17 * 1024 * 1024), /^objects\.yaml:1: expected 16777216 characters at most/],
  ] as const)
    t.throws(() => parseManifests(hostile, 'objects.yaml'), { code: 'ERR_LAB_MANIFEST', message });
  const list = parseManifests(
    'kind: List\nitems:\n- {apiVersion: v1, kind: Namespace, metadata: {name: x}}\n',
    'l',
  );
  t.same(
    list.map(({ kind }) => kind),
    ['Namespace'],
  );
});

test('a kind that differs from a known one in case or number alone is refused by the one that was meant', async (t) => {
  const of = (kind: string) => ({ apiVersion: 'v1', kind, metadata: { name: 'a' } });
  for (const [kind, meant] of [
    ['HttpRoute', 'HTTPRoute'],
    ['RateLimits', 'RateLimit'],
    ['pod', 'Pod'],
    ['deploy', 'Deployment'],
  ] as const)
    t.throws(() => validateObject(of(kind)), {
      message: `kind: there is no kind "${kind}"; did you mean ${meant}?`,
    });
  for (const kind of ['HTTPRoute', 'ConfigMap', 'NetworkPolicy', 'Widget'])
    t.doesNotThrow(() => validateObject(of(kind)), kind);
});

test('a container is started as Kubernetes puts image, command, args and env together', async (t) => {
  const pod: PodObject = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { ...metadata('cart-1'), labels: { app: 'cart' } },
    spec: { containers: [] },
    status: { phase: 'Pending', podIP: '10.244.1.9' },
  };
  const images = { 'echo-basic': { command: ['echo-server'], environment: { EXTRA: '1' } } };
  const command = (container: object) =>
    containerCommand({
      pod,
      container: { name: 'c', ...container },
      images,
      baseEnvironment: { PATH: '/bin' },
    });
  t.match(
    command({
      image: 'registry.k8s.io/gateway-api/echo-basic:v1',
      args: ['$(WHO)', '$$(WHO)', '$(NONE)'],
      env: [{ name: 'WHO', value: 'me' }],
    }),
    {
      argv: ['echo-server', 'me', '$(WHO)', '$(NONE)'],
      environment: { EXTRA: '1', PATH: '/bin', HOSTNAME: 'cart-1' },
    },
  );
  const field = (fieldPath: string) => ({
    command: ['x'],
    env: [{ name: 'F', valueFrom: { fieldRef: { fieldPath } } }],
  });
  t.match(command(field("metadata.labels['app']")), { environment: { F: 'cart' } });
  t.match(command(field('status.podIP')), { environment: { F: '10.244.1.9' } });
  t.match(command(field('status.nothing')), { refused: true, reason: 'CreateContainerConfigError' });
  t.match(command({ image: 'nginx' }), { refused: true, reason: 'ErrImagePull', message: /echo-basic/ });
  t.equal(imageName('host:5000/a/b@sha256:00'), 'b');
});

test('the pod decides before its namespace whether it is captured, and host network never is', async (t) => {
  const pod = (labels: Readonly<Record<string, string>>, hostNetwork = false): PodObject => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { ...metadata('p'), labels },
    spec: { containers: [], hostNetwork },
  });
  const ambient = { 'istio.io/dataplane-mode': 'ambient' };
  t.ok(wantsCapture(pod({}), ambient, ALONE));
  t.notOk(wantsCapture(pod({ 'istio.io/dataplane-mode': 'none' }), ambient, ALONE));
  t.ok(wantsCapture(pod(ambient), {}, ALONE));
  t.ok(
    wantsCapture(
      pod({ 'istio.io/dataplane-mode': 'none', 'nodemesh.io/dataplane-mode': 'ambient' }),
      {},
      ALONE,
    ),
  );
  t.notOk(wantsCapture(pod(ambient, true), ambient, ALONE));
});

test('side by side with Istio a new pod waits for our mesh alone, and only where Istio lets it', async (t) => {
  const beside = { sideBySide: true };
  const pod = (
    labels: Readonly<Record<string, string>>,
    annotations: Readonly<Record<string, string>> = {},
  ): PodObject => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { ...metadata('p'), labels, annotations },
    spec: { containers: [] },
  });
  const theirs = { 'istio.io/dataplane-mode': 'ambient' };
  const ours = { 'nodemesh.io/dataplane-mode': 'ambient' };
  const captured = { 'ambient.istio.io/redirection': 'enabled' };
  t.notOk(wantsCapture(pod({}), theirs, beside), 'Istio’s label is Istio’s');
  t.ok(wantsCapture(pod({}), ours, beside));
  t.notOk(wantsCapture(pod({}), { ...ours, ...theirs }, beside), 'as long as both want it Istio has it');
  t.ok(wantsCapture(pod({ 'istio.io/dataplane-mode': 'none' }), { ...ours, ...theirs }, beside));
  t.notOk(wantsCapture(pod({}, captured), ours, beside), 'nor before Istio has let go of it');
  t.notOk(isCaptured(pod({}, captured), beside));
  t.ok(isCapturedByIstio(pod({}, captured)));
  t.ok(isCaptured(pod({}, captured), ALONE), 'alone it is our own word');
  t.notOk(isCapturedByIstio(pod({}, { 'ambient.istio.io/redirection': 'disabled' })));
  t.ok(isCaptured(pod({}, { 'nodemesh.io/redirection': 'enabled' }), beside));
});

test('pod addresses are not given again at once, and a full node says so', async (t) => {
  const pool = createPodAddressPool(nodeAddresses(1));
  const first = pool.take();
  t.same(first, { ipv4: '10.244.1.2', ipv6: 'fd00:10:244:1::2' });
  if (first !== undefined) pool.giveBack(first);
  t.equal(pool.take()?.ipv4, '10.244.1.3');
  for (let left = 252; left > 0; left--) pool.take();
  t.equal(pool.take(), undefined);
});

test('frames survive every way of being cut', async (t) => {
  const whole = Buffer.concat([
    encodeFrame(FRAME_KINDS.stdout, Buffer.from('abc')),
    encodeFrame(FRAME_KINDS.exit, Buffer.of(7)),
  ]);
  for (let cut = 0; cut <= whole.length; cut++) {
    const decoder = createFrameDecoder();
    const frames = [...decoder.push(whole.subarray(0, cut)), ...decoder.push(whole.subarray(cut))];
    t.same(
      frames.map(({ kind, content }) => [kind, content.toString('latin1')]),
      [
        [FRAME_KINDS.stdout, 'abc'],
        [FRAME_KINDS.exit, '\x07'],
      ],
    );
  }
});

test('a Lab document names nodes and their zones, and says what is wrong with it', async (t) => {
  const lab = (nodes: unknown) => ({
    apiVersion: 'nodemesh.io/v1alpha1',
    kind: 'Lab',
    metadata: { name: 'two' },
    spec: { nodes },
  });
  t.same(parseLabFile(lab([{ name: 'a', zone: 'z1', labels: { disk: 'ssd' } }])), {
    name: 'two',
    nodes: [{ name: 'a', labels: { disk: 'ssd', 'topology.kubernetes.io/zone': 'z1' } }],
  });
  t.throws(() => parseLabFile(lab([])), { code: 'ERR_LAB_MANIFEST', message: /spec\.nodes/ });
  t.throws(() => parseLabFile(lab([{ name: 'has.dot' }])), { message: /spec\.nodes\[0\]\.name/ });
  t.same(
    numberedNodes(2).map(({ name }) => name),
    ['node-1', 'node-2'],
  );
});
