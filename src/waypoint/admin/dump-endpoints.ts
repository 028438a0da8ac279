import { backendsOf, type ServiceKey, serviceKey } from '../../model/index.ts';
import { bindsService } from '../listener/dialled-target.ts';
import type { BackendDump } from '../upstream/endpoint-dump.ts';
import type { BackendRef } from '../upstream/endpoints/known-endpoints.ts';
import type { WaypointProxy } from '../waypoint-proxy.ts';

/**
 * The backends that requests have gone to, and those that they may go to: every port of the services behind the waypoint
 * and of those that its routes name.
 */
export function dumpEndpoints(
  proxy: Pick<WaypointProxy, 'view' | 'resources' | 'upstreams' | 'self'>,
): readonly BackendDump[] {
  return proxy.upstreams.dump(possibleBackends(proxy));
}

function possibleBackends({
  view,
  resources,
  self,
}: Pick<WaypointProxy, 'view' | 'resources' | 'self'>): readonly BackendRef[] {
  const keys = new Set<ServiceKey>();
  for (const service of view.services())
    if (bindsService(service, view, self)) keys.add(serviceKey(service.namespace, service.hostname));
  for (const resource of resources.all())
    if (resource.kind === 'route') for (const key of backendsOf(resource.route)) keys.add(key);
  return [...keys].flatMap((service) =>
    (view.service(service)?.ports ?? []).map(({ servicePort }) => ({
      kind: 'service' as const,
      service,
      port: servicePort,
    })),
  );
}
