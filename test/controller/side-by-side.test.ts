import { test } from 'tap';
import { planEnrolment } from '../../src/controller/enrolment/index.ts';
import type { EnrolmentState, WorkloadUid } from '../../src/model/index.ts';
import { meshOf, serviceObject } from './support/mesh-of.ts';
import { runController } from './support/running-controller.ts';
import { CONFORMANCE_SETTINGS, objectOf } from './support/settings.ts';

type Texts = Readonly<Record<string, string>>;

const THEIRS = { 'istio.io/dataplane-mode': 'ambient' };
const OURS = { 'nodemesh.io/dataplane-mode': 'ambient' };
const SETTINGS = { ...CONFORMANCE_SETTINGS, sideBySide: true };
const REDIRECTION = 'ambient.istio.io/redirection';
const CART = 'Kubernetes//Pod/shop/cart' as WorkloadUid;

const peers = {
  apiVersion: 'security.istio.io/v1',
  kind: 'PeerAuthentication',
  metadata: { name: 'default', namespace: 'istio-system' },
  spec: { mtls: { mode: 'STRICT' } },
};
const dryRun = {
  apiVersion: 'security.istio.io/v1',
  kind: 'AuthorizationPolicy',
  metadata: { name: 'nobody', namespace: 'shop', annotations: { 'istio.io/dry-run': 'true' } },
  spec: {},
};

test('side by side our labels alone ask for this mesh, and a pod that is Istio’s is held until it is let go', async (t) => {
  const cases: readonly (readonly [string, Parts, string | undefined])[] = [
    ['Istio’s label', { namespaceLabels: THEIRS }, undefined],
    ['Istio’s label on the pod', { labels: THEIRS }, undefined],
    ['our label', { namespaceLabels: OURS }, ''],
    [
      'our label, and an explicit no to Istio',
      { namespaceLabels: { ...OURS, 'istio.io/dataplane-mode': 'none' } },
      '',
    ],
    [
      'the pod says no to Istio',
      { namespaceLabels: { ...OURS, ...THEIRS }, labels: { 'istio.io/dataplane-mode': 'none' } },
      '',
    ],
    ['both labels', { namespaceLabels: { ...OURS, ...THEIRS } }, 'ambient of namespace shop'],
    ['both labels, on the pod', { namespaceLabels: OURS, labels: THEIRS }, 'its label'],
    ['captured', { namespaceLabels: OURS, annotations: { [REDIRECTION]: 'enabled' } }, 'has captured it'],
    [
      'half captured',
      { namespaceLabels: OURS, annotations: { [REDIRECTION]: 'pending' } },
      'has captured it',
    ],
    ['never captured', { namespaceLabels: OURS, annotations: { [REDIRECTION]: 'disabled' } }, ''],
    [
      'a sidecar',
      { namespaceLabels: OURS, annotations: { 'sidecar.istio.io/status': '{}' } },
      'a sidecar of Istio',
    ],
    ['captured by us', { namespaceLabels: OURS, annotations: { 'nodemesh.io/redirection': 'enabled' } }, ''],
  ];
  for (const [what, parts, held] of cases) {
    const plan = planEnrolment(podOf(parts), { namespace: namespaceOf(parts) }, SETTINGS);
    if (held === undefined || held === '') t.equal(plan?.pod.heldBy, held, what);
    else t.match(plan?.pod.heldBy, held, what);
  }
});

test('side by side Istio’s claims are Istio’s, and what policies say holds for both meshes', async (t) => {
  const { collections } = meshOf(
    [
      gateway('theirs', 'istio-waypoint'),
      gateway('ours', 'nodemesh-waypoint'),
      labelled(serviceObject('shop', 'left'), { 'istio.io/use-waypoint': 'theirs' }),
      labelled(serviceObject('shop', 'right'), {
        'nodemesh.io/use-waypoint': 'ours',
        'istio.io/use-waypoint': 'theirs',
      }),
      dryRun,
    ],
    SETTINGS,
  );
  t.equal(collections.waypoints.get('shop/ours')?.ours, true);
  t.not(collections.waypoints.get('shop/theirs')?.ours, true);
  t.equal(collections.services.get('shop/left.shop.svc.domain.suffix')?.service.waypoint, undefined);
  t.match(collections.services.get('shop/right.shop.svc.domain.suffix')?.service.waypoint, {
    hostname: 'ours.shop.svc.domain.suffix',
  });
  t.equal([...collections.policies.values()][0]?.policy?.dryRun, true, 'a dry run stays one');
});

for (const sharedRoots of [false, true])
  test(`a pod that Istio has captured is sent ${sharedRoots ? 'HBONE where roots are shared' : 'plaintext'}`, async (t) => {
    const pod = podOf({ annotations: { [REDIRECTION]: 'enabled' } });
    const values = [podValue({ annotations: { [REDIRECTION]: 'enabled' } })];
    const { collections } = meshOf(values, { ...SETTINGS, sharedRoots });
    const [workload] = collections.podWorkloads.values();
    t.equal(workload?.tunnelProtocol, sharedRoots ? 'hbone' : 'none');
    collections.reportCaptures([{ pod, captured: false }]);
    t.equal([...collections.podWorkloads.values()][0]?.tunnelProtocol, sharedRoots ? 'hbone' : 'none');
  });

test('a pod changes over when Istio has let it go, and nothing of Istio’s is written to', async (t) => {
  const running = await runController(t, {
    config: { sideBySide: true },
    objects: {
      shop: namespaceValue({ namespaceLabels: { ...OURS, ...THEIRS } }),
      cart: podValue({ annotations: { [REDIRECTION]: 'enabled' } }),
      strict: peers,
      theirs: gateway('theirs', 'istio-waypoint'),
      left: labelled(serviceObject('shop', 'left'), { 'istio.io/use-waypoint': 'theirs' }),
      right: labelled(serviceObject('shop', 'right'), { 'nodemesh.io/use-waypoint': 'theirs-too' }),
    },
  });
  const view = await running.connect('node-1');
  t.match(view.enrolments.get(CART)?.heldBy, 'Istio has captured it');
  t.ok(view.policies.size > 0, 'Istio’s policies are in force here too');
  const report = (state: EnrolmentState, generation: number) =>
    view.client.reportNode({
      node: 'node-1',
      generation,
      pods: [
        {
          uid: CART,
          state,
          errorCode: state === 'failed' ? 'ERR_ZTUNNEL_CAPTURED_BY_ANOTHER' : '',
          error: 'held',
        },
      ],
    });
  await report('failed', 1);
  await running.apply(
    'shop',
    namespaceValue({ namespaceLabels: { ...OURS, 'istio.io/dataplane-mode': 'none' } }),
  );
  await running.apply('cart', podValue({}));
  await view.until('let go', () => view.enrolments.get(CART)?.heldBy === '');
  await report('captured', 2);
  await view.until('announced', () => view.workloads.get(CART)?.tunnelProtocol === 'hbone');
  await view.until('written', () => running.writes.some((write) => write.startsWith('annotate')));
  const { writes } = running;
  t.match(
    writes.find((write) => write.startsWith('annotate')),
    '{"nodemesh.io/redirection":"enabled","ambient.istio.io/redirection":null}',
  );
  t.ok(writes.some((write) => /^event shop\/cart .*EnrolmentFailed.*CAPTURED_BY_ANOTHER/.test(write)));
  t.ok(writes.some((write) => /^status shop\/right .*nodemesh.io\/WaypointBound/.test(write)));
  t.same(
    writes.filter((write) =>
      /^status .*(istio\.io\/v1|istio\.io\/WaypointBound)|shop\/theirs |shop\/left /.test(write),
    ),
    [],
  );
});

test('a pod of ours that Istio captures as well stays ours, Istio’s word stays, and the pod is told', async (t) => {
  const running = await runController(t, {
    config: { sideBySide: true },
    objects: {
      shop: namespaceValue({ namespaceLabels: OURS }),
      cart: podValue({ annotations: { 'nodemesh.io/redirection': 'enabled' } }),
    },
  });
  const view = await running.connect('node-1');
  const report = (generation: number) =>
    view.client.reportNode({
      node: 'node-1',
      generation,
      pods: [{ uid: CART, state: 'captured', errorCode: '', error: '' }],
    });
  await report(1);
  await running.apply(
    'cart',
    podValue({ annotations: { 'nodemesh.io/redirection': 'enabled', [REDIRECTION]: 'enabled' } }),
  );
  await view.until('seen', () => /Istio has captured it/.test(view.enrolments.get(CART)?.heldBy ?? ''));
  for (const generation of [2, 3]) await report(generation);
  const events = () => running.writes.filter((write) => /CapturedTwice/.test(write));
  await view.until('told', () => events().length > 0);
  t.equal(events().length, 1, 'once');
  t.match(events()[0], /event shop\/cart .*istio\.io\/dataplane-mode=none/);
  t.equal(view.workloads.get(CART)?.tunnelProtocol, 'hbone', 'it is ours');
  t.notOk(running.writes.some((write) => write.includes(`"${REDIRECTION}"`)));
});

test('without the flag too, what a node tells of a pod that Istio has captured changes nothing of what Istio says of it', async (t) => {
  const running = await runController(t, {
    objects: {
      shop: namespaceValue({ namespaceLabels: THEIRS }),
      cart: podValue({ annotations: { [REDIRECTION]: 'enabled' } }),
    },
  });
  const view = await running.connect('node-1');
  t.equal(view.enrolments.get(CART)?.heldBy, '', 'whose the annotation is nobody can tell: the node looks');
  for (const [generation, state] of (['failed', 'failed', 'leaving', 'released'] as const).entries())
    await view.client.reportNode({
      node: 'node-1',
      generation: generation + 1,
      pods: [
        { uid: CART, state, errorCode: generation === 0 ? 'ERR_ZTUNNEL_CAPTURED_BY_ANOTHER' : '', error: '' },
      ],
    });
  t.equal(view.workloads.get(CART)?.tunnelProtocol, 'hbone');
  t.same(
    running.writes.filter((write) => write.startsWith('annotate')),
    [],
  );
});

test('proxies of the other mesh have nothing to ask of ours', async (t) => {
  const running = await runController(t, { config: { sideBySide: true } });
  const stranger = running.client(() => running.token({ namespace: 'istio-system' }));
  await t.rejects(stranger.reportNode({ node: 'node-1', generation: 1, pods: [] }), {
    code: 'ERR_WIRE_PERMISSION_DENIED',
  });
});

interface Parts {
  readonly labels?: Texts;
  readonly annotations?: Texts;
  readonly namespaceLabels?: Texts;
}

function podValue({ labels = {}, annotations = {} }: Parts) {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'cart', namespace: 'shop', uid: 'uid-cart', labels, annotations },
    spec: { nodeName: 'node-1', serviceAccountName: 'cart', containers: [] },
    status: { phase: 'Running', podIP: '10.244.1.2', conditions: [{ type: 'Ready', status: 'True' }] },
  };
}

function podOf(parts: Parts) {
  return objectOf('Pod', podValue(parts));
}

function namespaceValue({ namespaceLabels = {} }: Parts) {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop', labels: namespaceLabels } };
}

function namespaceOf(parts: Parts) {
  return objectOf('Namespace', namespaceValue(parts));
}

function gateway(name: string, gatewayClassName: string) {
  return {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'Gateway',
    metadata: { name, namespace: 'shop' },
    spec: { gatewayClassName, listeners: [{ name: 'mesh', port: 15008, protocol: 'HBONE' }] },
  };
}

function labelled(value: object, labels: Texts): object {
  const { metadata, ...rest } = value as { readonly metadata: object };
  return { ...rest, metadata: { ...metadata, labels } };
}
