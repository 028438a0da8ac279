import { causeOf, MeshError } from '../../../base/index.ts';
import { HttpError } from '../../../http/index.ts';
import { TunnelError } from '../../../tunnel-protocol/index.ts';
import { WaypointError } from '../../errors.ts';
import { fromUnknown } from '../../from-unknown.ts';
import { answerFor } from '../../respond.ts';
import type { Outcome } from '../outliers/outcome.ts';

/** A try that came to nothing: what to throw, and how it counts for the endpoint, if it does. */
export interface FailedTry {
  readonly error: MeshError;
  readonly outcome: Outcome | undefined;
}

/** No connection to the endpoint could be had: nothing of the request was sent. */
export function connectFailure(cause: unknown, endpoint: string): FailedTry {
  const known = fromUnknown(cause);
  if (isTimeout(known)) return { error: known, outcome: { kind: 'timed-out' } };
  // The limits of the service say nothing about an endpoint, and neither does a client that gave up.
  if (known.blame !== 'upstream') return { error: known, outcome: undefined };
  const status = causeOf(known, TunnelError)?.status;
  // That policy keeps the waypoint out is no fault of the endpoint, and no other endpoint would see it otherwise.
  const outcome: Outcome | undefined = status === 401 ? undefined : { kind: 'connect-failed' };
  if (known.code === 'ERR_WAYPOINT_CONNECT_FAILED') return { error: known, outcome };
  const error = new WaypointError({
    code: 'ERR_WAYPOINT_CONNECT_FAILED',
    blame: 'upstream',
    message: `expected a connection to ${endpoint}, got none`,
    hint: known.hint,
    reason: status === 401 ? 'denied-by-destination' : 'connect-failure',
    retryable: status === undefined || status === 503,
    cause: known,
  });
  return { error, outcome };
}

/** The request was, or may have been, sent. */
export function sendFailure(cause: unknown, endpoint: string): FailedTry {
  const known = fromUnknown(cause);
  const http = causeOf(known, HttpError);
  if (http === undefined || http.blame !== 'upstream') {
    // Of a request that was given up, why it was is the better answer.
    const error = http?.code === 'ERR_HTTP_ABORTED' && http.cause instanceof MeshError ? http.cause : known;
    return { error, outcome: isTimeout(error) ? { kind: 'timed-out' } : undefined };
  }
  const outcome: Outcome = { kind: 'reset' };
  if (http.code === 'ERR_HTTP_BAD_RESPONSE') {
    const error = new WaypointError({
      code: 'ERR_WAYPOINT_BAD_RESPONSE',
      blame: 'upstream',
      message: `expected an answer of ${endpoint} that is HTTP, got another`,
      hint: 'check appProtocol of the Service port, and what the application answers',
      cause: known,
    });
    return { error, outcome };
  }
  const error = new WaypointError({
    code: 'ERR_WAYPOINT_UPSTREAM_RESET',
    blame: 'upstream',
    message: `expected an answer of ${endpoint}, got the end of the connection`,
    hint: known.hint,
    reason: 'reset',
    retryable: http.retryable,
    cause: known,
  });
  return { error, outcome };
}

/** What the end of an answer's body with an error says about the endpoint. */
export function cutOutcome(cause: unknown): Outcome | undefined {
  if (causeOf(cause, HttpError)?.blame === 'upstream') return { kind: 'reset' };
  return isTimeout(cause) ? { kind: 'timed-out' } : undefined;
}

function isTimeout(error: unknown): boolean {
  const own = causeOf(error, WaypointError);
  return own !== undefined && answerFor(own).status === 504;
}
