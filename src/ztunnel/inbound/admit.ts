import { causeOf, type MeshError } from '../../base/index.ts';
import { type InboundPath, inboundPath, type PolicyKey, type Workload } from '../../model/index.ts';
import type { AdmissionAttributes } from '../connections/inbound-verdict.ts';
import { ZtunnelError } from '../errors.ts';
import type { InboundPorts } from './ports.ts';

/** A connection that was let in; `release` is called when it is over. */
export interface Admitted {
  readonly release: () => void;
  /** Which way it came. */
  readonly path: InboundPath;
  /** The ALLOW policy that let it in; undefined where none had to. */
  readonly policy: PolicyKey | undefined;
}

/** Asks for a connection's admission, and counts it where it comes round a waypoint. Throws as the admission does. */
export async function admit(
  question: {
    readonly workload: Workload;
    readonly attributes: AdmissionAttributes;
    cut(cause: MeshError): void;
  },
  ports: Pick<InboundPorts, 'admission' | 'view' | 'pod' | 'onWaypointBypass'>,
): Promise<Admitted> {
  const { workload, attributes, cut } = question;
  const { view, admission, pod } = ports;
  const pathNow = (): InboundPath =>
    inboundPath({
      view,
      workload: view.workload(pod) ?? workload,
      port: attributes.destinationPort,
      peer: attributes.source?.id,
    });
  try {
    const { release, policy } = await admission.admit({ destination: pod, attributes, cut });
    const path = pathNow();
    if (path.kind === 'round') ports.onWaypointBypass({ workload, path, attributes, outcome: 'allowed' });
    return { release, path, policy };
  } catch (error) {
    const path = pathNow();
    if (path.kind === 'round' && causeOf(error, ZtunnelError)?.code === 'ERR_ZTUNNEL_WAYPOINT_BYPASS')
      ports.onWaypointBypass({ workload, path, attributes, outcome: 'refused' });
    throw error;
  }
}
