import type { Logger } from '../../base/index.ts';
import { describeError } from '../../base/index.ts';
import type { EnrolmentPod } from '../../model/index.ts';
import type { DecisionMetrics } from '../../telemetry/index.ts';
import { formatEndpoint } from '../connections/endpoint.ts';
import type { TunnelRejection } from '../pod/index.ts';

/** Counts and logs what was turned away on 15008 before it was a connection: bad certificates, bad requests. */
export function createRejectionRecorder(deps: {
  readonly decisions: DecisionMetrics;
  readonly log: Logger;
}): (pod: EnrolmentPod, rejection: TunnelRejection) => void {
  return (pod, { error, remote, peer }) => {
    deps.decisions.refused({ reporter: 'destination', reason: error.code });
    deps.log.warn('peer refused', {
      pod: pod.uid,
      peer: remote === undefined ? undefined : formatEndpoint(remote),
      identity: peer?.id,
      code: error.code,
      error: describeError(error),
    });
  };
}
