import { test } from 'tap';
import { parseIpAddress, serviceKey } from '../../../src/model/index.ts';
import { meshOf, serviceObject } from '../support/mesh-of.ts';

const pod = (namespace: string, name: string, podIP: string, more: object = {}) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { namespace, name, uid: `uid-${name}`, ...more },
  spec: { nodeName: 'node-1', serviceAccountName: name },
  status: { phase: 'Running', podIP, conditions: [{ type: 'Ready', status: 'True' }] },
});

const LURE = serviceKey('tenant', 'lure.tenant.svc.domain.suffix');

/** As anybody may write one in a namespace of his own, for a Service without a selector. */
const slice = (
  namespace: string,
  service: string,
  pods: readonly ReturnType<typeof pod>[],
  { port = 80, isAnonymous = false } = {},
) => ({
  apiVersion: 'discovery.k8s.io/v1',
  kind: 'EndpointSlice',
  metadata: { namespace, name: `${service}-by-hand`, labels: { 'kubernetes.io/service-name': service } },
  addressType: 'IPv4',
  ports: [{ name: 'port-80', port, protocol: 'TCP' }],
  endpoints: pods.map(({ metadata, status }) => ({
    addresses: [status.podIP],
    ...(isAnonymous
      ? {}
      : { targetRef: { kind: 'Pod', namespace: metadata.namespace, name: metadata.name } }),
  })),
});

test('a slice gives its service pods of its own namespace, and of others nothing but their addresses', async (t) => {
  const own = pod('tenant', 'own', '10.0.0.1');
  const victim = pod('bank', 'vault', '10.0.0.2');
  const { collections } = meshOf([
    serviceObject('tenant', 'lure'),
    own,
    victim,
    slice('tenant', 'lure', [own, victim]),
  ]);
  const servicesOf = (name: string) => {
    const found = [...collections.podWorkloads.values()].find((workload) => workload.name === name);
    return [...(found?.services.keys() ?? [])];
  };
  t.same(servicesOf('own'), [LURE]);
  t.same(servicesOf('vault'), [], 'so that no waypoint of the tenant is one of the pod');
  const others = [...collections.otherWorkloads.values()];
  t.match(
    others.map(({ namespace, addresses, services }) => ({
      namespace,
      addresses,
      services: [...services.keys()],
    })),
    [{ namespace: 'tenant', addresses: [parseIpAddress('10.0.0.2')], services: [LURE] }],
  );
});

test('where a service has no selector, its slice says which port of the pod is meant', async (t) => {
  const leader = pod('tenant', 'leader', '10.0.0.1');
  const mesh = meshOf([
    serviceObject('tenant', 'database'),
    leader,
    slice('tenant', 'database', [leader], { port: 5432 }),
  ]);
  const portsOfLeader = () =>
    [...mesh.collections.podWorkloads.values()].flatMap(({ services }) => [...services.values()].flat());
  t.match(portsOfLeader(), [{ servicePort: 80, targetPort: 5432 }]);
  mesh.apply(slice('tenant', 'database', [leader], { port: 5433 }));
  t.match(portsOfLeader(), [{ servicePort: 80, targetPort: 5433 }]);
});

test('an address that a slice names is reached through a tunnel where it is that of a pod in the mesh', async (t) => {
  const inside = { annotations: { 'ambient.istio.io/redirection': 'enabled' } };
  const vault = pod('bank', 'vault', '10.0.0.2', inside);
  const lure = slice('tenant', 'lure', [vault], { port: 8080, isAnonymous: true });
  const mesh = meshOf([serviceObject('tenant', 'lure'), lure]);
  const endpoint = () => [...mesh.collections.otherWorkloads.values()][0];
  t.match(endpoint(), { tunnelProtocol: 'none', namespace: 'tenant', name: 'lure-by-hand' });
  mesh.apply(vault);
  t.match(endpoint(), {
    tunnelProtocol: 'hbone',
    ...{ namespace: 'bank', name: 'vault', serviceAccount: 'vault', node: '' },
    // The pod itself is who answers for this address.
    ...{ uid: /EndpointSlice.tenant.lure-by-hand/, networkMode: 'host-network', status: 'healthy' },
    addresses: [parseIpAddress('10.0.0.2')],
  });
  t.match([...(endpoint()?.services ?? [])], [[LURE, [{ servicePort: 80, targetPort: 8080 }]]]);
  mesh.apply(pod('bank', 'vault', '10.0.0.2'));
  t.match(endpoint(), { tunnelProtocol: 'none', namespace: 'tenant' }, 'it has left the mesh');
});
