import type { Clock } from '../../../base/index.ts';
import type { Layer } from '../../request/layer.ts';
import { withinDeadline } from './deadline.ts';
import { requestLimitMs, requestTimedOut } from './request-limit.ts';

/**
 * Limits the time from a request's first byte to the last of its answer: as the rule says, else its traffic policy, and for
 * gRPC never longer than the client itself waits (`grpc-timeout`). Zero is no limit, and none is the default. What leaves
 * HTTP (WebSocket) is limited up to then.
 */
export function createTimeoutLayer({ clock }: { readonly clock: Clock }): Layer {
  return (next) => async (request, context) => {
    const limitMs = requestLimitMs(request, context);
    if (limitMs === Number.POSITIVE_INFINITY) return next(request, context);
    const failure = () => requestTimedOut(limitMs);
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
