import type { TopologyEdge, TopologyNode, WorkloadView } from '../../../src/model/index.ts';
import { ratesOf } from './rates.ts';
import { type FixtureMesh, shopMesh } from './shop-mesh.ts';

const NAMESPACES = 20;

/** A mesh of so many workloads in twenty namespaces, half of them with a service, each of which calls two others. */
export function largeMesh(nowMs: number, workloads: number): FixtureMesh {
  const [model] = shopMesh(nowMs, 'mesh')['/api/v1/workloads'].workloads;
  const [service] = shopMesh(nowMs, 'mesh')['/api/v1/services'].services;
  if (model === undefined || service === undefined)
    throw new RangeError('expected the shop to have workloads, got none');
  const names = Array.from({ length: workloads }, (_, index) => ({
    namespace: `team-${index % NAMESPACES}`,
    name: `app-${index}`,
  }));
  const idOf = (kind: string, index: number): string => {
    const target = names[index % workloads];
    return `${kind}/${target?.namespace}/${target?.name}`;
  };
  const nodes: TopologyNode[] = names.flatMap(({ namespace, name }, index) => {
    const node = { namespace, name, inMesh: index % 11 !== 0, waypoint: '' };
    const own: TopologyNode = { ...node, id: `workload/${namespace}/${name}`, kind: 'workload' };
    return index % 2 === 0 ? [own] : [own, { ...node, id: `service/${namespace}/${name}`, kind: 'service' }];
  });
  const edges: TopologyEdge[] = names.flatMap((_, index) => {
    const rates = ratesOf({ requests: 1 + (index % 90), failed: index % 37 === 0 ? 1 : 0 });
    const edge = { protocol: 'http' as const, mutualTls: true, rates, slow: false };
    const called = (index * 7 + 1) | 1;
    return [
      { ...edge, from: idOf('workload', index), to: idOf('service', called) },
      { ...edge, from: idOf('service', called), to: idOf('workload', called) },
    ];
  });
  return {
    ...shopMesh(nowMs, 'mesh'),
    '/api/v1/topology': { seconds: 60, nodes, edges },
    '/api/v1/workloads': {
      workloads: names.map(
        ({ namespace, name }): WorkloadView => ({
          ...model,
          uid: `cluster.local//Pod/${namespace}/${name}`,
          namespace,
          name: `${name}-5f7c`,
          workload: name,
          identity: `spiffe://cluster.local/ns/${namespace}/sa/${name}`,
        }),
      ),
    },
    '/api/v1/services': {
      services: names.filter((_, index) => index % 2 === 1).map((each) => ({ ...service, ...each })),
    },
  };
}
