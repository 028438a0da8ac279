import fc from 'fast-check';
import { test } from 'tap';
import { createMeshCollections, type MeshCollections } from '../../src/controller/collections/index.ts';
import { inspectObject, objectKey, objectKindOf } from '../../src/controller/objects/index.ts';
import type { ObjectEvent } from '../../src/controller/sources/index.ts';
import type { MeshSettings } from '../../src/controller/translate/index.ts';

const settings: MeshSettings = {
  clusterId: 'Kubernetes',
  network: '',
  trustDomain: 'cluster.local',
  clusterDomain: 'cluster.local',
  rootNamespace: 'istio-system',
};

const namespace = fc.constantFrom('shop', 'bank', 'istio-system');
const pairs = fc.record(
  { app: fc.constantFrom('cart', 'pay'), tier: fc.constantFrom('a', 'b') },
  { requiredKeys: [] },
);
const mode = fc.constantFrom('UNSET', 'STRICT', 'PERMISSIVE', 'DISABLE');
const ambient = fc.constantFrom({}, { 'istio.io/dataplane-mode': 'ambient' });

const metaOf = (names: readonly string[]) =>
  fc.record({
    name: fc.constantFrom(...names),
    namespace,
    creationTimestamp: fc.constantFrom('2030-01-01T00:00:00Z', '2030-01-02T00:00:00Z'),
  });

/** Sound objects whose names and labels meet often. */
const sound = fc.oneof(
  fc.tuple(fc.constantFrom('shop', 'bank'), ambient).map(([name, labels]) => ({
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name, labels },
  })),
  fc.constantFrom('one', 'two').map((zone) => ({
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: 'node-1', labels: { 'topology.kubernetes.io/zone': zone } },
  })),
  fc
    .record({
      metadata: metaOf(['p1', 'p2', 'p3']),
      labels: pairs,
      captured: fc.boolean(),
      ready: fc.constantFrom('True', 'False'),
      phase: fc.constantFrom('Running', 'Succeeded'),
      address: fc.constantFrom('10.0.0.1', '10.0.0.2', 'fd00::1'),
    })
    .map(({ metadata, labels, captured, ready, phase, address }) => ({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        ...metadata,
        labels,
        annotations: captured ? { 'ambient.istio.io/redirection': 'enabled' } : {},
      },
      spec: {
        nodeName: 'node-1',
        containers: [{ ports: [{ containerPort: 8080, name: 'web' }] }],
      },
      status: { phase, podIP: address, conditions: [{ type: 'Ready', status: ready }] },
    })),
  fc
    .record({
      metadata: metaOf(['s1', 's2']),
      selector: fc.option(pairs, { nil: undefined }),
      target: fc.constantFrom('web', 'none', 81),
      type: fc.constantFrom('ClusterIP', 'ExternalName'),
    })
    .map(({ metadata, selector, target, type }) => ({
      apiVersion: 'v1',
      kind: 'Service',
      metadata,
      spec: { type, selector, ports: [{ name: 'http', port: 80, targetPort: target }] },
    })),
  fc
    .record({
      metadata: metaOf(['e1', 'e2']),
      service: fc.constantFrom('s1', 's2'),
      pod: fc.option(fc.constantFrom('p1', 'p2'), { nil: undefined }),
    })
    .map(({ metadata, service, pod }) => ({
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      addressType: 'IPv4',
      metadata: { ...metadata, labels: { 'kubernetes.io/service-name': service } },
      ports: [{ name: 'http', port: 9000 }],
      endpoints: [
        { addresses: ['10.9.9.9'], ...(pod === undefined ? {} : { targetRef: { kind: 'Pod', name: pod } }) },
      ],
    })),
  fc
    .record({ metadata: metaOf(['a1', 'a2']), labels: pairs, selective: fc.boolean() })
    .map(({ metadata, labels, selective }) => ({
      apiVersion: 'security.istio.io/v1',
      kind: 'AuthorizationPolicy',
      metadata,
      spec: { rules: [{}], ...(selective ? { selector: { matchLabels: labels } } : {}) },
    })),
  fc
    .record({ metadata: metaOf(['q1', 'q2']), labels: pairs, mode, port: mode, ports: fc.boolean() })
    .map(({ metadata, labels, ports, port, mode: whole }) => ({
      apiVersion: 'security.istio.io/v1',
      kind: 'PeerAuthentication',
      metadata,
      spec: {
        mtls: { mode: whole },
        selector: { matchLabels: labels },
        ...(ports && Object.keys(labels).length > 0 ? { portLevelMtls: { 8080: { mode: port } } } : {}),
      },
    })),
);

const step = fc.record({ value: sound, remove: fc.constantFrom(false, false, true), commit: fc.boolean() });

test('after any history the collections are as if built from what is there', async (t) => {
  let richest = 0;
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const followed = createMeshCollections(settings);
      const state = new Map<string, ObjectEvent>();
      let batch: ObjectEvent[] = [];
      for (const { value, remove, commit } of steps) {
        const event = eventOf(value, remove);
        const key = event.type === 'delete' ? event.key : objectKey(event.object.meta);
        const id = `${event.type === 'delete' ? event.kind : event.object.kind} ${key}`;
        if (event.type === 'delete') state.delete(id);
        else state.set(id, event);
        batch.push(event);
        if (!commit) continue;
        followed.apply(batch);
        batch = [];
      }
      followed.apply(batch);
      const rebuilt = createMeshCollections(settings);
      rebuilt.apply([...state.values()]);
      const text = snapshot(followed);
      richest = Math.max(richest, text.length);
      if (text !== snapshot(rebuilt)) throw new Error(`${text}\nis not\n${snapshot(rebuilt)}`);
    }),
    { numRuns: 2_000 },
  );
  t.ok(richest > 2_000, 'some of the histories left a mesh behind');
});

function eventOf(value: unknown, remove: boolean): ObjectEvent {
  const kind = objectKindOf(value);
  if (kind === undefined) throw new Error('not an object');
  const { object, issues } = inspectObject(kind, value);
  if (issues.length > 0) throw new Error(JSON.stringify(issues));
  if (remove) return { type: 'delete', kind, key: objectKey(object.meta) };
  return { type: 'upsert', object, faults: [] };
}

function snapshot(collections: MeshCollections): string {
  const all = [
    collections.podWorkloads,
    collections.otherWorkloads,
    collections.services,
    collections.policies,
    collections.peerPolicies,
    collections.enrolments,
  ];
  return JSON.stringify(
    all.map((collection) => [...collection.values()].map((value) => JSON.stringify(value, plain)).sort()),
  );
}

/** Maps as lists of pairs, so that nothing of them is lost. */
function plain(_key: string, value: unknown): unknown {
  return value instanceof Map ? [...value] : value;
}
