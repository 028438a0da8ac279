import { CAPTURED_BY_ANOTHER, type EnrolmentPod } from '../../model/index.ts';
import type { MeshError } from '../../base/index.ts';
import { ZtunnelError } from '../errors.ts';

/** Another mesh has the pod, as its resource or its rules say. */
export function heldByAnother(pod: EnrolmentPod, cause?: MeshError): ZtunnelError {
  return new ZtunnelError({
    code: CAPTURED_BY_ANOTHER,
    blame: 'local',
    message: `the pod is not to be captured: ${pod.heldBy}`,
    hint: 'take the pod out of that mesh; it is captured here once it has been let go',
    cause,
  });
}

/** What connections of a pod are reset with when its namespace has gone. */
export function podGone(pod: EnrolmentPod): ZtunnelError {
  return new ZtunnelError({
    code: 'ERR_ZTUNNEL_POD_GONE',
    blame: 'local',
    message: `the network namespace of ${pod.namespace}/${pod.name} is gone`,
  });
}
