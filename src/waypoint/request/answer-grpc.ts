import { causeOf } from '../../base/index.ts';
import { HeaderList, type HttpRequest, type HttpResponse } from '../../http/index.ts';
import { WaypointError } from '../errors.ts';
import { noteFailure } from './note-failure.ts';
import type { RequestRecord } from './request-record.ts';
import { grpcStatusFields } from './failure-response.ts';

/**
 * Answers a gRPC call, and records how the call ended: that stands behind the last message, or in the head where there is none.
 *
 * A time limit that is over while messages flow ends them with DEADLINE_EXCEEDED: to a client a cut would be INTERNAL, and
 * one that waits no longer than the limit could not tell which of both it was. What a backend cuts stays a cut.
 */
export async function answerGrpc(
  call: {
    readonly request: HttpRequest;
    readonly response: HttpResponse;
    readonly record: RequestRecord;
  },
  answer: (response: HttpResponse) => Promise<void>,
): Promise<void> {
  const { request, response, record } = call;
  const { body, headers } = response;
  let late: HeaderList | undefined;
  const trailersOfCut = (error: Error): HeaderList | undefined => {
    const limit = causeOf(error, WaypointError);
    if (limit === undefined || !TIME_LIMITS.has(limit.code)) return undefined;
    noteFailure(record, limit);
    late = new HeaderList(grpcStatusFields(limit));
    return late;
  };
  await answer(
    // An HTTP/1.1 client that did not ask for trailers would take the end for a clean one.
    body.stream === undefined || request.version !== '2'
      ? response
      : {
          ...response,
          body: { stream: body.stream, length: body.length, trailers: () => body.trailers(), trailersOfCut },
        },
  );
  const status = (late ?? body.trailers())?.get('grpc-status') ?? headers.get('grpc-status');
  if (status !== undefined && STATUS.test(status)) record.grpcStatus = Number(status);
}

const TIME_LIMITS: ReadonlySet<string> = new Set([
  'ERR_WAYPOINT_REQUEST_TIMEOUT',
  'ERR_WAYPOINT_TRY_TIMEOUT',
]);
/** As digits (gRPC over HTTP/2, Status); a backend may say anything. */
const STATUS = /^\d{1,3}$/;
