import type { Clock } from '../../../base/index.ts';
import type { HttpRequest } from '../../../http/index.ts';
import { WaypointError } from '../../errors.ts';
import { isGrpc } from '../../request/failure-response.ts';
import type { Layer } from '../../request/layer.ts';
import type { RequestContext } from '../../request/request-context.ts';
import { withinDeadline } from './deadline.ts';
import { parseGrpcTimeout } from './grpc-timeout.ts';

/**
 * Limits the time from a request's first byte to the last of its answer: as the rule says, else its traffic policy, and for
 * gRPC never longer than the client itself waits (`grpc-timeout`). Zero is no limit, and none is the default. What leaves
 * HTTP (WebSocket) is limited up to then.
 */
export function createTimeoutLayer({ clock }: { readonly clock: Clock }): Layer {
  return (next) => async (request, context) => {
    const limitMs = limitFor(request, context);
    if (limitMs === Number.POSITIVE_INFINITY) return next(request, context);
    const failure = (): WaypointError => timedOut(limitMs);
    const delayMs = limitMs - (clock.monotonic() - context.startedMs);
    if (delayMs <= 0) throw failure();
    return withinDeadline(
      {
        clock,
        delayMs,
        signal: context.signal,
        failure,
        onCut(error) {
          context.record.error ??= error;
        },
      },
      (signal) => next(request, { ...context, signal }),
    );
  };
}

function limitFor(request: HttpRequest, context: RequestContext): number {
  const selection = context.route();
  const ofRule = selection.kind === 'rule' ? selection.rule.timeouts.requestMs : undefined;
  const { timeouts } = context.plan.traffic.settingsFor(selection, context.backend);
  const limitMs = ofRule ?? timeouts.requestMs;
  const ofClient = isGrpc(request) ? parseGrpcTimeout(request.headers.get('grpc-timeout')) : undefined;
  return Math.min(limitMs === 0 ? Number.POSITIVE_INFINITY : limitMs, ofClient ?? Number.POSITIVE_INFINITY);
}

function timedOut(limitMs: number): WaypointError {
  return new WaypointError({
    code: 'ERR_WAYPOINT_REQUEST_TIMEOUT',
    blame: 'upstream',
    message: `expected the whole answer within ${limitMs} ms, got none or a part of it`,
    hint: "the limit is timeouts.request of the route's rule or of a TrafficPolicy, or the grpc-timeout of the client",
  });
}
