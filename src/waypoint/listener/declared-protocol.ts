import { type AppProtocol, type MeshView, resolveTargetPort, serviceKey } from '../../model/index.ts';
import type { DialledTarget } from '../request/request-parties.ts';

/** What the port of the dialled service says it speaks; of a pod, what the service says that it most likely stands for. */
export function declaredProtocol(dialled: DialledTarget, view: MeshView): AppProtocol {
  const { service, port } = dialled;
  if (service === undefined) return 'unknown';
  if (dialled.kind === 'service')
    return service.ports.find(({ servicePort }) => servicePort === port)?.appProtocol ?? 'unknown';
  const key = serviceKey(service.namespace, service.hostname);
  const endpoint = view.allEndpoints(key).find(({ workload }) => workload.uid === dialled.workload.uid);
  const behind = service.ports.find(
    ({ servicePort }) => endpoint !== undefined && resolveTargetPort(service, endpoint, servicePort) === port,
  );
  return behind?.appProtocol ?? 'unknown';
}
