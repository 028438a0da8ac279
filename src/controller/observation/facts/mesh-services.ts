import type { ServiceKey } from '../../../model/index.ts';
import type { ServiceFacts } from '../../../telemetry/index.ts';
import type { MeshCollections } from '../../collections/index.ts';
import { boundWaypoint } from './bound-waypoint.ts';

interface Endpoints {
  healthy: number;
  total: number;
  inMesh: number;
}

/** Services with their endpoints counted. */
export function meshServices(collections: MeshCollections): readonly ServiceFacts[] {
  const endpoints = countEndpoints(collections);
  return [...collections.services.values()].map(({ key, service }) => {
    const { healthy, total, inMesh } = endpoints.get(key) ?? NONE;
    const takesAll = service.loadBalancing.healthPolicy === 'allow-all';
    return {
      namespace: service.namespace,
      name: service.name,
      hostname: service.hostname,
      addresses: service.addresses.map(({ address }) => address),
      ports: service.ports.map(({ servicePort }) => servicePort),
      endpoints: { healthy: takesAll ? total : healthy, total },
      waypoint: boundWaypoint(collections, service),
      inMesh: total > 0 && inMesh === total,
    };
  });
}

function countEndpoints({
  podWorkloads,
  otherWorkloads,
}: MeshCollections): ReadonlyMap<ServiceKey, Readonly<Endpoints>> {
  const counts = new Map<ServiceKey, Endpoints>();
  for (const workloads of [podWorkloads, otherWorkloads]) {
    for (const { services, status, tunnelProtocol } of workloads.values()) {
      for (const key of services.keys()) {
        const count = counts.get(key) ?? { ...NONE };
        counts.set(key, count);
        count.total += 1;
        if (status === 'healthy') count.healthy += 1;
        if (tunnelProtocol === 'hbone') count.inMesh += 1;
      }
    }
  }
  return counts;
}

const NONE: Readonly<Endpoints> = { healthy: 0, total: 0, inMesh: 0 };
