import { formatDurationMs } from '../../../proxy/index.ts';
import type { HttpRequest } from '../../../http/index.ts';
import { WaypointError } from '../../errors.ts';
import { isGrpc } from '../../request/failure-response.ts';
import type { RequestContext } from '../../request/request-context.ts';
import { parseGrpcTimeout } from './grpc-timeout.ts';

/**
 * How long a request may take from its first byte to the last of its answer: as the rule says, else its traffic policy, and
 * for gRPC never longer than the client itself waits (`grpc-timeout`). Infinite without any of them.
 */
export function requestLimitMs(request: HttpRequest, context: RequestContext): number {
  const selection = context.route();
  const ofRule = selection.kind === 'rule' ? selection.rule.timeouts.requestMs : undefined;
  const { timeouts } = context.plan.traffic.settingsFor(selection, context.backend);
  const limitMs = ofRule ?? timeouts.requestMs;
  const ofClient = isGrpc(request) ? parseGrpcTimeout(request.headers.get('grpc-timeout')) : undefined;
  return Math.min(limitMs === 0 ? Number.POSITIVE_INFINITY : limitMs, ofClient ?? Number.POSITIVE_INFINITY);
}

/** For a request that took longer. */
export function requestTimedOut(limitMs: number): WaypointError {
  return new WaypointError({
    code: 'ERR_WAYPOINT_REQUEST_TIMEOUT',
    blame: 'upstream',
    message: `expected the whole answer within ${formatDurationMs(limitMs)}, got none or a part of it`,
    hint: "the limit is timeouts.request of the route's rule or of a TrafficPolicy, or the grpc-timeout of the client",
  });
}
