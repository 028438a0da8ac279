import { test } from 'tap';
import { defaultSettings, renderObjects } from '../../../src/cli/install/objects/settings.ts';
import { followOtherControllers } from '../../../src/controller/cluster/other-controllers.ts';
import { meshOf } from '../support/mesh-of.ts';

/** Of the Service as it is shipped: slices have the names of its ports, whatever containers call theirs. */
const ports = renderObjects(defaultSettings('1.2.3'))
  .filter(({ kind }) => kind === 'Service')
  .flatMap(
    ({ spec }) =>
      (spec as { readonly ports: readonly { readonly name: string; readonly port: number }[] }).ports,
  );

/** An EndpointSlice of a Service with these pods, each at an address. */
const slice = (name: string, pods: Readonly<Record<string, string>>, service = 'nodemesh-controller') => ({
  apiVersion: 'discovery.k8s.io/v1',
  kind: 'EndpointSlice',
  metadata: {
    namespace: 'nodemesh-system',
    name,
    labels: { 'kubernetes.io/service-name': service },
  },
  addressType: 'IPv4',
  ports: ports.map(({ name, port }) => ({ name, port, protocol: 'TCP' })),
  endpoints: Object.entries(pods).map(([pod, address]) => ({
    addresses: [address],
    conditions: { ready: pod !== 'b' },
    targetRef: { kind: 'Pod', namespace: 'nodemesh-system', name: pod },
  })),
});

test('the other replicas are the endpoints of the Service but oneself, ready or not, as they come and go', async (t) => {
  const own = { namespace: 'nodemesh-system', instance: 'a' };
  const mesh = meshOf([
    slice('one', { a: '10.0.0.1', b: '10.0.0.2' }),
    slice('other', { x: '10.0.0.9' }, 'nodemesh-webhook'),
  ]);
  const others = followOtherControllers(mesh.collections.objects.slices, own);
  t.same(others.current(), ['10.0.0.2:15012']);
  mesh.apply(slice('two', { b: '10.0.0.2', c: '10.0.0.3' }));
  t.same(others.current(), ['10.0.0.2:15012', '10.0.0.3:15012']);
  mesh.apply(slice('two', { d: '10.0.0.4' }));
  t.same(others.current(), ['10.0.0.2:15012', '10.0.0.4:15012']);
  mesh.remove(slice('one', {}));
  mesh.apply(slice('two', { a: '10.0.0.1' }));
  t.same(others.current(), []);
  others.stop();
});
