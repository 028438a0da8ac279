import { type MeshView, type ServiceKey, serviceKey } from '../../../model/index.ts';
import { WaypointError } from '../../errors.ts';
import type { RequestContext } from '../../request/request-context.ts';
import type { DialledTarget } from '../../request/request-parties.ts';
import type { BackendRef } from '../endpoints/known-endpoints.ts';

/** Where a request goes: as its route says, else to what was dialled. Throws ERR_WAYPOINT_INVALID_BACKEND. */
export function backendRef(
  { backend, dialled }: Pick<RequestContext, 'backend' | 'dialled'>,
  view: MeshView,
  network: string,
): BackendRef {
  if (backend === undefined) return dialledRef(dialled, view, network);
  if (backend.kind === 'service')
    return isPassedThrough(backend.service, dialled) ? dialledRef(dialled, view, network) : backend;
  throw new WaypointError({
    code: 'ERR_WAYPOINT_INVALID_BACKEND',
    blame: 'local',
    message: backend.message,
    reason: backend.reason,
  });
}

function isPassedThrough(service: ServiceKey, dialled: DialledTarget): boolean {
  return (
    dialled.kind === 'service' &&
    dialled.service.loadBalancing.mode === 'passthrough' &&
    serviceKey(dialled.service.namespace, dialled.service.hostname) === service
  );
}

/** A service that passes through has no endpoints to choose among: the address that was dialled is the endpoint. */
function dialledRef(dialled: DialledTarget, view: MeshView, network: string): BackendRef {
  const { address, port } = dialled;
  if (dialled.kind === 'workload') return { kind: 'workload', uid: dialled.workload.uid, address, port };
  const { service } = dialled;
  const at = service.loadBalancing.mode === 'passthrough' ? view.workloadAt(network, address) : undefined;
  return at === undefined
    ? { kind: 'service', service: serviceKey(service.namespace, service.hostname), port }
    : { kind: 'workload', uid: at.uid, address, port };
}
