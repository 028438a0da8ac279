import { type Service, serviceKey } from '../service.ts';
import type { Workload } from '../workload.ts';
import type { MeshView } from '../mesh-view/index.ts';
import { resolveTargetPort } from './target-port.ts';

/**
 * Which service a connection to a pod's own address was most likely meant for; for metrics and logs, never for a
 * decision. A hint by hostname (from `forwarded`) wins, then a service with a port that leads to this one, then the one
 * named like the workload, then the first by name.
 */
export function attributeService(
  view: MeshView,
  workload: Workload,
  port: number,
  hostname?: string,
): Service | undefined {
  if (workload.services.size === 0) return undefined;
  let best: Service | undefined;
  let bestScore = -1;
  for (const [key, ports] of workload.services) {
    const service = view.service(key);
    if (service === undefined) continue;
    const score =
      (service.hostname === hostname ? 4 : 0) +
      (service.ports.some((mapping) => resolveTargetPort(service, { ports }, mapping.servicePort) === port)
        ? 2
        : 0) +
      (service.name === workload.canonicalName ? 1 : 0);
    if (best === undefined || score > bestScore || (score === bestScore && nameOf(service) < nameOf(best))) {
      best = service;
      bestScore = score;
    }
  }
  return best;
}

function nameOf(service: Service): string {
  return serviceKey(service.namespace, service.hostname);
}
