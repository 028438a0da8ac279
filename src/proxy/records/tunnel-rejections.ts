import { type Clock, createLineBudget, describeError, type Logger } from '../../base/index.ts';
import { formatSocketAddress, type TrafficEnd } from '../../model/index.ts';
import type { DecisionMetrics, Observer } from '../../telemetry/index.ts';
import { trafficEnd } from './traffic-edge.ts';
import type { TunnelRejection } from '../tunnels/tunnel-listener.ts';

/**
 * Counts, logs and shows what was turned away on 15008 before it was a connection: bad certificates, bad requests. All are
 * counted; strangers can cause them, so only so many are logged and shown, and then how many were not.
 */
export function createRejectionRecorder(deps: {
  /** As what this proxy sees them: the controller takes nothing from a waypoint that claims to be a node. */
  readonly reporter: 'destination' | 'waypoint';
  readonly decisions: Pick<DecisionMetrics, 'refused'>;
  readonly observer: Pick<Observer, 'refused'>;
  readonly log: Logger;
  readonly clock: Clock;
}): (pod: string, rejection: TunnelRejection, destination: TrafficEnd) => void {
  const { reporter, decisions, observer, log, clock } = deps;
  const mayWrite = createLineBudget({
    lines: LINES_PER_PERIOD,
    periodMs: PERIOD_MS,
    clock,
    onPassedOver: (count) => log.warn('more peers refused, not logged', { count }),
  });

  return (pod, { error, remote, peer }, destination) => {
    decisions.refused({ reporter, reason: error.code });
    if (!mayWrite()) return;
    log.warn('peer refused', {
      pod,
      // A connection that is gone already has no address any more.
      peer: remote === undefined || remote.port === 0 ? undefined : formatSocketAddress(remote),
      identity: peer?.id,
      code: error.code,
      error: describeError(error),
    });
    observer.refused({
      atMs: clock.now(),
      reporter,
      source: trafficEnd({ workload: undefined, identity: peer, address: remote?.address }),
      sourceAddress: remote?.address ?? '',
      destination,
      dialled: '',
      service: undefined,
      request: undefined,
      kind: 'refused',
      reason: error.code,
      policy: '',
      rule: 0,
      message: describeError(error),
      hint: error.hint ?? '',
      traceId: '',
    });
  };
}

const PERIOD_MS = 10_000;
const LINES_PER_PERIOD = 200;
