import { formatDurationMs } from '../../../proxy/index.ts';
import type { Clock } from '../../../base/index.ts';
import type { Authorizer } from '../../../model/index.ts';
import { fromUnknown } from '../../from-unknown.ts';
import { withinDeadline } from '../../layers/resilience/deadline.ts';
import { WaypointError } from '../../errors.ts';
import type { Handler } from '../../request/layer.ts';
import type { AuthorizerAnswer } from './authorizer-answer.ts';
import { grpcAnswer, grpcQuestion } from './grpc-question.ts';
import { httpAnswer, httpQuestion } from './http-question.ts';
import { type Question, questionContext } from './question.ts';

/** What asking takes. */
export interface AskDeps {
  readonly clock: Clock;
  /** Sends a request to its backend through the mesh, again where it was not reached. */
  readonly send: Handler;
}

/**
 * Asks one authorizer, and waits as long as it may take for the last byte of its answer. Rejects with a MeshError where there
 * is none.
 */
export async function askAuthorizer(
  authorizer: Authorizer,
  question: Question,
  { clock, send }: AskDeps,
): Promise<AuthorizerAnswer> {
  const { protocol, timeoutMs } = authorizer;
  const { parties, http } = question;
  const request =
    protocol.kind === 'http' && http !== undefined
      ? httpQuestion(http, protocol, authorizer)
      : grpcQuestion(question, authorizer, { nowMs: clock.now() });
  const listeners: (() => void)[] = [];
  try {
    const response = await withinDeadline(
      { clock, delayMs: timeoutMs, signal: parties.signal, failure: () => tookTooLong(timeoutMs) },
      (signal) =>
        send(
          request,
          questionContext(parties, authorizer, {
            signal,
            startedMs: clock.monotonic(),
            onEnd: (listener) => listeners.push(listener),
          }),
        ),
    );
    return await (protocol.kind === 'http' ? httpAnswer(response, protocol) : grpcAnswer(response));
  } catch (error) {
    throw fromUnknown(error);
  } finally {
    for (const listener of listeners) listener();
  }
}

function tookTooLong(timeoutMs: number): WaypointError {
  return new WaypointError({
    code: 'ERR_WAYPOINT_TRY_TIMEOUT',
    blame: 'upstream',
    message: `expected an authorizer to answer within ${formatDurationMs(timeoutMs)}`,
  });
}
