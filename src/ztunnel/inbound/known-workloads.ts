import type { Clock } from '../../base/index.ts';
import type { IpAddress, Workload, WorkloadIdentity } from '../../model/index.ts';
import { untilKnown } from '../../proxy/index.ts';
import { workloadOfPod } from '../connections/own-workload.ts';
import { ZtunnelError } from '../errors.ts';
import type { InboundPorts } from './ports.ts';

/** The pod's own workload; held for a while when it has not arrived yet. */
export async function ownWorkload(
  ports: Pick<InboundPorts, 'pod' | 'identity' | 'view'> & { readonly clock: Clock; readonly holdMs: number },
): Promise<Workload> {
  const { view, pod, identity, clock, holdMs } = ports;
  const workload = await untilKnown({ changes: view.changes, clock }, holdMs, () =>
    workloadOfPod(view, pod, identity),
  );
  if (workload !== undefined) return workload;
  throw new ZtunnelError({
    code: 'ERR_ZTUNNEL_UNKNOWN_DESTINATION',
    blame: 'local',
    message: `the workload ${pod} has not arrived from the control plane`,
    hint: 'check that this node is connected to its controller, and that the pod is Running with an IP',
    retryable: true,
  });
}

/** Who the client is, for labels: by address, but only where that agrees with what it proved. */
export function clientWorkload(
  ports: Pick<InboundPorts, 'view' | 'network'>,
  address: IpAddress,
  identity: WorkloadIdentity | undefined,
): Workload | undefined {
  const workload = ports.view.workloadAt(ports.network, address);
  if (workload === undefined || identity === undefined) return workload;
  return agrees(workload, identity) ? workload : undefined;
}

function agrees(workload: Workload, identity: WorkloadIdentity): boolean {
  return (
    workload.namespace === identity.namespace &&
    workload.serviceAccount === identity.serviceAccount &&
    workload.trustDomain === identity.trustDomain
  );
}
