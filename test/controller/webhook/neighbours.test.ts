import { test } from 'tap';
import { parse } from 'yaml';
import { createNeighbours } from '../../../src/controller/webhook/context/index.ts';
import { upserts } from './support.ts';

const named = (texts: readonly string[]): readonly string[] =>
  texts.map((text) => {
    const { kind, metadata } = JSON.parse(text) as {
      kind: string;
      metadata: { name: string; namespace?: string };
    };
    return `${kind} ${metadata.namespace ?? ''}/${metadata.name}`;
  });
const namespace = (name: string, labels = '') =>
  parse(`{apiVersion: v1, kind: Namespace, metadata: {name: ${name}, labels: {${labels}}}}`) as unknown;
const service = (name: string, space: string, labels = '') =>
  parse(
    `{apiVersion: v1, kind: Service, metadata: {name: ${name}, namespace: ${space}, labels: {${labels}}}, spec: {ports: [{port: 80}]}}`,
  ) as unknown;
const pod = (name: string, space: string, app: string, account = 'default') => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: space, labels: { app, 'pod-template-hash': name } },
  spec: { serviceAccountName: account },
});

test('an object is judged beside its own namespace, the root, and those that it speaks of', (t) => {
  const neighbours = createNeighbours('istio-system');
  neighbours.apply(
    upserts(
      ...['shop', 'bank', 'far', 'istio-system'].map((name) => namespace(name)),
      ...['shop', 'bank', 'far', 'istio-system'].map((space) => service('web', space)),
    ),
  );
  const { texts, isCut } = neighbours.near({ spec: { host: 'web.bank.svc.cluster.local' } }, 'shop');
  t.notOk(isCut);
  t.same(
    named(texts)
      .filter((name) => name.startsWith('Service'))
      .sort(),
    ['Service bank/web', 'Service istio-system/web', 'Service shop/web'],
  );
  t.equal(named(texts).filter((name) => name.startsWith('Namespace')).length, 4);
  t.end();
});

test('where a waypoint is in a further namespace, that counts too', (t) => {
  const neighbours = createNeighbours('istio-system');
  neighbours.apply(
    upserts(
      namespace('shop', 'istio.io/use-waypoint-namespace: infra'),
      service('cart', 'shop', 'nodemesh.io/use-waypoint-namespace: other'),
      ...['infra', 'other', 'far'].map((space) => service('web', space)),
    ),
  );
  const found = named(neighbours.near({}, 'shop').texts);
  t.ok(found.includes('Service infra/web') && found.includes('Service other/web'));
  t.notOk(found.includes('Service far/web'));
  t.end();
});

test('pods of one making are one, and go when the last of them goes', (t) => {
  const neighbours = createNeighbours('istio-system');
  neighbours.apply(
    upserts(pod('a', 'shop', 'cart'), pod('b', 'shop', 'cart'), pod('c', 'shop', 'till', 'till')),
  );
  const pods = () =>
    neighbours
      .near({}, 'shop')
      .texts.map((text) => (JSON.parse(text) as ReturnType<typeof pod>).metadata.labels);
  t.same(pods(), [{ app: 'cart' }, { app: 'till' }]);
  neighbours.apply([{ type: 'delete', kind: 'Pod', key: 'shop/a' }]);
  t.same(pods(), [{ app: 'cart' }, { app: 'till' }]);
  neighbours.apply([{ type: 'delete', kind: 'Pod', key: 'shop/b' }]);
  t.same(pods(), [{ app: 'till' }]);
  neighbours.apply(upserts(pod('c', 'shop', 'bill', 'till')));
  t.same(pods(), [{ app: 'bill' }]);
  neighbours.apply([{ type: 'delete', kind: 'Pod', key: 'shop/c' }]);
  t.equal(neighbours.size, 0);
  t.end();
});

test('what is of no use is not kept, and what is deleted is forgotten', (t) => {
  const neighbours = createNeighbours('istio-system');
  const slice = {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: 's', namespace: 'shop' },
    addressType: 'IPv4',
    endpoints: [],
  };
  const config = (space: string) => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'istio', namespace: space },
    data: {},
  });
  const noisy = {
    ...(service('cart', 'shop') as object),
    metadata: {
      name: 'cart',
      namespace: 'shop',
      managedFields: [{ a: 1 }],
      annotations: { 'kubectl.kubernetes.io/last-applied-configuration': '{}' },
    },
  };
  neighbours.apply(upserts(slice, config('shop'), config('istio-system'), noisy));
  const { texts } = neighbours.near({}, 'shop');
  t.same([...named(texts)].sort(), ['ConfigMap istio-system/istio', 'Service shop/cart']);
  t.notMatch(texts.join(), /managedFields|last-applied/);
  neighbours.apply([
    { type: 'delete', kind: 'Service', key: 'shop/cart' },
    { type: 'delete', kind: 'ConfigMap', key: 'istio-system/istio' },
  ]);
  t.equal(neighbours.size, 0);
  t.end();
});

test('a neighbourhood that is too large is cut, and says so', (t) => {
  const neighbours = createNeighbours('istio-system');
  neighbours.apply(upserts(...Array.from({ length: 5_001 }, (_, index) => service(`s${index}`, 'shop'))));
  const { texts, isCut } = neighbours.near({}, 'shop');
  t.ok(isCut);
  t.equal(texts.length, 5_000);
  t.end();
});
