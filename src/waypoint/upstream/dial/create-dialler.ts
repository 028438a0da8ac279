import type { Clock } from '../../../base/index.ts';
import type { Upstream, Workload } from '../../../model/index.ts';
import { connectTcp, tcpByteStream } from '../../../net/index.ts';
import { baggageOf, type SessionPool, formatDurationMs } from '../../../proxy/index.ts';
import { formatTraceparent } from '../../../telemetry/index.ts';
import { formatForwarded, TunnelError, type TunnelRequestHead } from '../../../tunnel-protocol/index.ts';
import { WaypointError } from '../../errors.ts';
import type { DialEndpoint, DialOptions } from './dial-endpoint.ts';

/** Whose sessions are used, and who it is that dials. */
export interface DiallerDeps {
  /** Sessions that are opened with the waypoint's own certificate. */
  readonly pool: SessionPool;
  /** The waypoint's own; undefined while the mesh has not told of it. */
  self(): Workload | undefined;
  readonly clock: Clock;
}

/**
 * Dials from the waypoint's own namespace, with its own identity. The real client goes along in `forwarded`, which the
 * endpoint's proxy believes from the waypoint that is bound to the service, and from nobody else.
 */
export function createDialler({ pool, self, clock }: DiallerDeps): DialEndpoint {
  return async (upstream, options) => {
    const limit = withTimeout(clock, upstream, options);
    try {
      if (upstream.authority === undefined) {
        const { address, port } = upstream;
        const { timeoutMs } = options;
        const socket = await connectTcp({
          namespace: undefined,
          address,
          port,
          timeoutMs,
          signal: limit.signal,
        });
        return tcpByteStream(socket);
      }
      const key = {
        expected: upstream.expectedIdentities,
        destination: upstream,
        // All sessions leave from the one pod that this is.
        sourceAddress: '',
      };
      const head = tunnelHead(upstream, upstream.authority, self(), options);
      return (await pool.open(key, head, limit.signal)).stream;
    } catch (error) {
      // The pool says that its caller gave up; why it did is the better answer.
      if (error instanceof TunnelError && error.code === 'ERR_TUNNEL_ABORTED') throw limit.signal.reason;
      throw error;
    } finally {
      limit.end();
    }
  };
}

/** wire.md §1.5. */
function tunnelHead(
  upstream: Upstream,
  authority: string,
  self: Workload | undefined,
  { client, trace }: DialOptions,
): TunnelRequestHead {
  return {
    authority,
    baggage: self && baggageOf(self),
    forwarded: formatForwarded({ client, host: upstream.service?.hostname }),
    traceparent: trace && formatTraceparent(trace),
    extra: { 'x-istio-source': 'waypoint' },
  };
}

/** The caller's signal, which also aborts when the time is up. */
function withTimeout(clock: Clock, upstream: Upstream, { signal, timeoutMs }: DialOptions) {
  const controller = new AbortController();
  const onAbort = (): void => controller.abort(signal.reason);
  if (signal.aborted) onAbort();
  signal.addEventListener('abort', onAbort, { once: true });
  const timer =
    timeoutMs === 0
      ? undefined
      : clock.after(timeoutMs, () => controller.abort(timedOut(upstream, timeoutMs)));
  return {
    signal: controller.signal,
    end(): void {
      timer?.cancel();
      signal.removeEventListener('abort', onAbort);
    },
  };
}

function timedOut({ address, targetPort, workload }: Upstream, timeoutMs: number): WaypointError {
  return new WaypointError({
    code: 'ERR_WAYPOINT_CONNECT_FAILED',
    blame: 'upstream',
    message: `expected a connection to ${workload?.name ?? address} (${address}:${targetPort}) within ${formatDurationMs(timeoutMs)}, got none`,
    hint: 'the pod may be overloaded or gone, or a NetworkPolicy may be blocking port 15008',
    reason: 'connect-timeout',
    retryable: true,
  });
}
