import { type Test, test } from 'tap';
import { createSignal } from '../../../src/base/index.ts';
import {
  createSelectedSource,
  type ObjectEvent,
  type ObjectSource,
  type SourceProblem,
} from '../../../src/controller/sources/index.ts';
import { upserts } from '../webhook/support.ts';

const namespace = (name: string, labels: Readonly<Record<string, string>> = {}) => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name, labels },
});
const service = (name: string, space: string) => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name, namespace: space },
  spec: { ports: [{ port: 80 }] },
});
const meshConfig = (selectors: unknown, name = 'istio') => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: 'istio-system' },
  data: { mesh: JSON.stringify({ discoverySelectors: selectors }) },
});
const node = { apiVersion: 'v1', kind: 'Node', metadata: { name: 'node-1' } };
const IN_MESH = [{ matchLabels: { mesh: 'in' } }];

/** A source that a test drives, behind a filter, and what comes through: `+Service shop/cart`, `-Namespace far`. */
function filtered(t: Test) {
  const events = createSignal<readonly ObjectEvent[]>();
  const problemChanges = createSignal<readonly SourceProblem[]>();
  const asked: string[][] = [];
  let problems: readonly SourceProblem[] = [];
  const source: ObjectSource = {
    events,
    problemChanges,
    problems: () => problems,
    start: async () => undefined,
    deliverAgain: (namespaces) => void asked.push([...namespaces].sort()),
    close: async () => undefined,
    destroy: () => undefined,
  };
  const selected = createSelectedSource(source, {
    rootNamespace: 'istio-system',
    ownNamespaces: new Set(['nodemesh-system']),
  });
  let batch: string[] = [];
  selected.events.subscribe((out) => {
    batch = out.map((event) => {
      if (event.type === 'delete') return `-${event.kind} ${event.key}`;
      const { kind, meta } = event.object;
      const labels = kind === 'Namespace' && meta.labels.size > 0 ? ' with labels' : '';
      return `+${kind} ${meta.namespace === '' ? '' : `${meta.namespace}/`}${meta.name}${labels}`;
    });
  });
  t.teardown(() => selected.close());
  return {
    selected,
    asked,
    bring(...objects: readonly unknown[]): readonly string[] {
      events.emit(upserts(...objects));
      return batch;
    },
    remove(
      ...gone: readonly (readonly ['Namespace' | 'Service' | 'ConfigMap', string])[]
    ): readonly string[] {
      events.emit(gone.map(([kind, key]) => ({ type: 'delete', kind, key })));
      return batch;
    },
    setProblems(next: readonly SourceProblem[]): void {
      problems = next;
      problemChanges.emit(next);
    },
  };
}

test('without selectors everything is of the mesh', async (t) => {
  const { bring } = filtered(t);
  t.same(bring(namespace('shop'), service('cart', 'shop'), node), [
    '+Namespace shop',
    '+Service shop/cart',
    '+Node node-1',
  ]);
});

test('with selectors what is in other namespaces does not come through, whatever the order', async (t) => {
  const { bring, selected } = filtered(t);
  const out = bring(
    service('cart', 'shop'),
    service('web', 'far'),
    service('ztunnel', 'nodemesh-system'),
    service('istiod', 'istio-system'),
    namespace('far', { 'istio.io/dataplane-mode': 'ambient' }),
    namespace('shop', { mesh: 'in' }),
    node,
    meshConfig(IN_MESH),
  );
  t.same([...out].sort(), [
    '+ConfigMap istio-system/istio',
    '+Namespace far',
    '+Namespace shop with labels',
    '+Node node-1',
    '+Service istio-system/istiod',
    '+Service nodemesh-system/ztunnel',
    '+Service shop/cart',
  ]);
  t.notOk(selected.isSelected('far'));
  t.same(bring(service('more', 'far')), []);
});

test('a namespace comes and goes with its labels', async (t) => {
  const { bring, asked, remove } = filtered(t);
  bring(meshConfig(IN_MESH), namespace('shop'), service('cart', 'shop'));
  t.same(bring(namespace('shop', { mesh: 'in' })).at(-1), '+Namespace shop with labels');
  t.same(asked, [['shop']], 'the source is to bring it again, since nothing was kept');
  t.same(bring(service('cart', 'shop')), ['+Service shop/cart']);
  t.same(
    new Set(bring(namespace('shop', { mesh: 'out' }))),
    new Set(['-Service shop/cart', '+Namespace shop']),
    'nodes must know that it is there, and that it asks for nothing',
  );
  t.same(remove(['Service', 'shop/cart']), [], 'it is gone already');
  bring(namespace('shop', { mesh: 'in' }), service('cart', 'shop'));
  t.same([...remove(['Service', 'shop/cart'], ['Namespace', 'shop'])].sort(), [
    '-Namespace shop',
    '-Service shop/cart',
  ]);
});

test('other selectors are in force at once, and none make everything come', async (t) => {
  const { bring, asked, remove } = filtered(t);
  bring(meshConfig(IN_MESH), namespace('shop', { mesh: 'in' }), namespace('far'), service('cart', 'shop'));
  const out = bring(meshConfig([{ matchExpressions: [{ key: 'mesh', operator: 'DoesNotExist' }] }]));
  t.same([...out].sort(), [
    '+ConfigMap istio-system/istio',
    '+Namespace far',
    '+Namespace shop',
    '-Service shop/cart',
  ]);
  t.same(asked, [['far']]);
  // The own name wins over Istio's.
  t.ok(bring(meshConfig(IN_MESH, 'nodemesh')).includes('+Namespace shop with labels'));
  remove(['ConfigMap', 'istio-system/nodemesh'], ['ConfigMap', 'istio-system/istio']);
  t.same(asked, [['far'], ['shop'], ['far']]);
});

test('a namespace that is nowhere written is selected by its name', async (t) => {
  const { bring } = filtered(t);
  const byName = [
    { matchExpressions: [{ key: 'kubernetes.io/metadata.name', operator: 'In', values: ['shop'] }] },
  ];
  t.same(bring(meshConfig(byName), service('cart', 'shop'), service('web', 'far')), [
    '+ConfigMap istio-system/istio',
    '+Service shop/cart',
  ]);
});

test('nothing is said of what is wrong in namespaces that are not of the mesh', async (t) => {
  const { bring, selected, setProblems } = filtered(t);
  const problem = (object: string): SourceProblem => ({
    ...{ severity: 'error', file: 'f', line: 1, field: '', message: 'no' },
    object,
  });
  const told: number[] = [];
  selected.problemChanges.subscribe((problems) => told.push(problems.length));
  bring(meshConfig(IN_MESH), namespace('far'));
  setProblems([problem('Pod far/a'), problem('Pod istio-system/b'), problem('Node one'), problem('')]);
  t.same(
    selected.problems().map(({ object }) => object),
    ['Pod istio-system/b', 'Node one', ''],
  );
  bring(namespace('far', { mesh: 'in' }));
  t.same(told.slice(-2), [3, 4]);
});
