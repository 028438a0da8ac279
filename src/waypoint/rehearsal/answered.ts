import type { MeshError } from '../../base/index.ts';
import type { HttpRequest, HttpResponse } from '../../http/index.ts';
import { causeOf } from '../../base/index.ts';
import { WaypointError } from '../errors.ts';
import { failureResponse } from '../request/failure-response.ts';
import type { RequestRecord } from '../request/request-record.ts';
import type { Answered, Unknowable } from './rehearsal.ts';

/** An answer that one of the steps gave: a redirect, or what a preflight asks for. */
export function answeredBy(step: Answered['step'], response: HttpResponse, record: RequestRecord): Answered {
  return {
    kind: 'answered',
    step,
    status: response.status,
    location: response.headers.get('location') ?? '',
    code: '',
    message: '',
    hint: '',
    reason: record.reason ?? '',
    policy: record.policy ?? '',
    rule: record.rule,
  };
}

/** What the client gets for a failure, and what the log says of it. */
export function failedBy(
  step: Answered['step'],
  request: HttpRequest,
  failure: MeshError,
): Answered | Unknowable {
  const error = causeOf(failure, WaypointError);
  if (error?.code === 'ERR_WAYPOINT_TOKEN_KEYS') return { kind: 'unknown', step, message: error.message };
  return {
    kind: 'answered',
    step,
    status: failureResponse(request, failure).status,
    location: '',
    code: failure.code,
    message: failure.message,
    hint: failure.hint ?? '',
    reason: error?.reason ?? '',
    policy: error?.policy ?? '',
    rule: error?.rule,
  };
}
