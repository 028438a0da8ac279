import { formatDurationMs } from '../../../proxy/index.ts';
import type { Clock } from '../../../base/index.ts';
import type { HttpRequest, HttpResponse } from '../../../http/index.ts';
import { WaypointError } from '../../errors.ts';
import { fromUnknown } from '../../from-unknown.ts';
import type { Handler } from '../../request/layer.ts';
import type { RequestContext } from '../../request/request-context.ts';
import { withinDeadline } from './deadline.ts';
import type { TryOutcome } from './retry-policy.ts';

/** One try, which may take `limitMs` from here to the end of its answer. Zero: no limit. */
export interface Try {
  readonly request: HttpRequest;
  readonly context: RequestContext;
  readonly limitMs: number;
}

/** What came of it: the head of an answer, or what kept it away. Never rejects. */
export async function tryOnce(next: Handler, attempt: Try, clock: Clock): Promise<TryOutcome> {
  try {
    return { kind: 'response', response: await answerOf(next, attempt, clock) };
  } catch (error) {
    return { kind: 'failure', error: fromUnknown(error) };
  }
}

async function answerOf(next: Handler, attempt: Try, clock: Clock): Promise<HttpResponse> {
  const { request, context, limitMs } = attempt;
  const { record, signal } = context;
  // Whom the try goes to is only known when it has got that far.
  record.upstream = undefined;
  record.attempts = context.attempt;
  if (limitMs === 0) return next(request, context);
  return withinDeadline(
    {
      clock,
      delayMs: limitMs,
      signal,
      failure: () => timedOut(limitMs),
      onCut(error) {
        record.error ??= error;
      },
    },
    (narrower) => next(request, { ...context, signal: narrower }),
  );
}

function timedOut(limitMs: number): WaypointError {
  return new WaypointError({
    code: 'ERR_WAYPOINT_TRY_TIMEOUT',
    blame: 'upstream',
    message: `expected the whole answer of the backend within ${formatDurationMs(limitMs)}, got none or a part of it`,
    hint: "the limit is timeouts.backendRequest of the route's rule or of a TrafficPolicy",
  });
}
