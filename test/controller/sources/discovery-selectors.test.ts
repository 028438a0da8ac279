import { test } from 'tap';
import { runController } from '../support/running-controller.ts';

const namespace = (name: string, labels: Readonly<Record<string, string>>) => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name, labels: { 'istio.io/dataplane-mode': 'ambient', ...labels } },
});
const pod = (name: string, space: string, address: string) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: space, uid: `uid-${name}` },
  spec: { nodeName: 'node-1', serviceAccountName: name, containers: [] },
  status: { phase: 'Running', podIP: address },
});
const config = (mesh: string) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'istio', namespace: 'istio-system' },
  data: { mesh },
});

test('proxies are told of selected namespaces alone, also after a relabelling and with a slip in MeshConfig', async (t) => {
  const running = await runController(t, {
    objects: {
      config: config('discoverySelectors: [{matchLabels: {mesh: in}}]'),
      shop: namespace('shop', { mesh: 'in' }),
      far: namespace('far', {}),
      cart: pod('cart', 'shop', '10.244.1.2'),
      web: pod('web', 'far', '10.244.1.3'),
    },
  });
  const view = await running.connect('node-1');
  const names = () => [...view.workloads.values()].map(({ name }) => name).sort();
  t.same(names(), ['cart']);
  t.same(
    [...view.enrolments.values()].map(({ name }) => name),
    ['cart'],
  );

  await running.apply('far', namespace('far', { mesh: 'in' }));
  await view.until('both', () => names().length === 2 && view.enrolments.size === 2);
  await running.apply('shop', namespace('shop', {}));
  await view.until('the other alone', () => names().join() === 'web' && view.enrolments.size === 1);

  await running.apply(
    'config',
    config('discoverySelectors: [{matchExpressions: [{key: mesh, operator: Inn}]}]'),
  );
  await running.apply('new', pod('new', 'far', '10.244.1.4'));
  await view.until('what was selected before', () => names().join() === 'new,web');
  await running.apply('config', config('{}'));
  await view.until('everything', () => names().join() === 'cart,new,web');
});
