import { type Clock, describeError, type Logger } from '../../base/index.ts';
import type { DecisionMetrics } from '../../telemetry/index.ts';
import { formatEndpoint } from '../connections/endpoint.ts';
import type { TunnelRejection } from '../tunnels/tunnel-listener.ts';

/**
 * Counts and logs what was turned away on 15008 before it was a connection: bad certificates, bad requests. All are
 * counted; strangers can cause them, so only so many are logged, and then how many were not.
 */
export function createRejectionRecorder(deps: {
  readonly decisions: Pick<DecisionMetrics, 'refused'>;
  readonly log: Logger;
  readonly clock: Clock;
}): (pod: string, rejection: TunnelRejection) => void {
  const { decisions, log, clock } = deps;
  let written = 0;
  let passedOver = 0;

  function mayWrite(): boolean {
    if (written === 0) clock.after(PERIOD_MS, endPeriod);
    written += 1;
    if (written <= LINES_PER_PERIOD) return true;
    passedOver += 1;
    return false;
  }

  function endPeriod(): void {
    if (passedOver > 0) log.warn('more peers refused, not logged', { count: passedOver });
    written = 0;
    passedOver = 0;
  }

  return (pod, { error, remote, peer }) => {
    decisions.refused({ reporter: 'destination', reason: error.code });
    if (!mayWrite()) return;
    log.warn('peer refused', {
      pod,
      // A connection that is gone already has no address any more.
      peer: remote === undefined || remote.port === 0 ? undefined : formatEndpoint(remote),
      identity: peer?.id,
      code: error.code,
      error: describeError(error),
    });
  };
}

const PERIOD_MS = 10_000;
const LINES_PER_PERIOD = 200;
