import type { InboundPath, Workload } from '../../model/index.ts';
import type { AdmissionAttributes } from '../connections/inbound-verdict.ts';

/** A connection to a pod that came round a waypoint of the pod or of its services. */
export interface WaypointBypass {
  readonly workload: Workload;
  readonly path: Extract<InboundPath, { readonly kind: 'round' }>;
  readonly attributes: AdmissionAttributes;
  readonly outcome: 'allowed' | 'refused';
}
