import { test } from 'tap';
import { parseIpAddress, serviceKey } from '../../../src/model/index.ts';
import { meshOf, serviceObject } from '../support/mesh-of.ts';

const pod = (namespace: string, name: string, podIP: string) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { namespace, name, uid: `uid-${name}` },
  spec: { nodeName: 'node-1' },
  status: { phase: 'Running', podIP, conditions: [{ type: 'Ready', status: 'True' }] },
});

/** As anybody may write one in a namespace of his own, for a Service without a selector. */
const slice = (namespace: string, service: string, pods: readonly ReturnType<typeof pod>[]) => ({
  apiVersion: 'discovery.k8s.io/v1',
  kind: 'EndpointSlice',
  metadata: { namespace, name: `${service}-by-hand`, labels: { 'kubernetes.io/service-name': service } },
  addressType: 'IPv4',
  ports: [{ name: 'port-80', port: 80, protocol: 'TCP' }],
  endpoints: pods.map(({ metadata, status }) => ({
    addresses: [status.podIP],
    targetRef: { kind: 'Pod', namespace: metadata.namespace, name: metadata.name },
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
  const lure = serviceKey('tenant', 'lure.tenant.svc.domain.suffix');
  t.same(servicesOf('own'), [lure]);
  t.same(servicesOf('vault'), [], 'so that no waypoint of the tenant is one of the pod');
  const others = [...collections.otherWorkloads.values()];
  t.match(
    others.map(({ namespace, addresses, services }) => ({
      namespace,
      addresses,
      services: [...services.keys()],
    })),
    [{ namespace: 'tenant', addresses: [parseIpAddress('10.0.0.2')], services: [lure] }],
  );
});
