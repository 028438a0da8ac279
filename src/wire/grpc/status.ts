import { type ServiceError, status } from '@grpc/grpc-js';
import { causeOf, MeshError } from '../../base/index.ts';
import { XdsError, type XdsErrorCode } from '../../xds/index.ts';
import { WireError, type WireErrorCode } from '../errors.ts';

/** What a gRPC status says to the other side: a number of gRPC's table and a sentence. */
export interface CallStatus {
  readonly code: status;
  readonly details: string;
}

/** How errors leave this process. What is not listed goes by its blame. */
const STATUS_OF: Readonly<Partial<Record<WireErrorCode | XdsErrorCode, status>>> = {
  ERR_WIRE_DECODE: status.INVALID_ARGUMENT,
  ERR_WIRE_FIELD: status.INVALID_ARGUMENT,
  ERR_WIRE_INVALID_REQUEST: status.INVALID_ARGUMENT,
  ERR_WIRE_UNAUTHENTICATED: status.UNAUTHENTICATED,
  ERR_WIRE_PERMISSION_DENIED: status.PERMISSION_DENIED,
  ERR_WIRE_ENCODING: status.UNIMPLEMENTED,
  ERR_WIRE_TOO_LONG: status.RESOURCE_EXHAUSTED,
  ERR_WIRE_SLOW_CLIENT: status.DEADLINE_EXCEEDED,
  ERR_WIRE_UNAVAILABLE: status.UNAVAILABLE,
  ERR_WIRE_EXHAUSTED: status.RESOURCE_EXHAUSTED,
  ERR_XDS_CLOSED: status.UNAVAILABLE,
  ERR_XDS_REQUEST: status.INVALID_ARGUMENT,
  ERR_XDS_TOO_MANY_NAMES: status.RESOURCE_EXHAUSTED,
  ERR_XDS_SLOW_CLIENT: status.DEADLINE_EXCEEDED,
};

/** How statuses enter it. What is not listed is ERR_WIRE_REMOTE. */
const ERROR_OF: Readonly<
  Partial<Record<status, { readonly code: WireErrorCode; readonly retryable: boolean }>>
> = {
  [status.UNAUTHENTICATED]: { code: 'ERR_WIRE_UNAUTHENTICATED', retryable: false },
  [status.PERMISSION_DENIED]: { code: 'ERR_WIRE_PERMISSION_DENIED', retryable: false },
  [status.INVALID_ARGUMENT]: { code: 'ERR_WIRE_INVALID_REQUEST', retryable: false },
  [status.UNAVAILABLE]: { code: 'ERR_WIRE_UNAVAILABLE', retryable: true },
  [status.DEADLINE_EXCEEDED]: { code: 'ERR_WIRE_TIMEOUT', retryable: true },
  [status.CANCELLED]: { code: 'ERR_WIRE_UNAVAILABLE', retryable: true },
  [status.RESOURCE_EXHAUSTED]: { code: 'ERR_WIRE_EXHAUSTED', retryable: true },
  [status.INTERNAL]: { code: 'ERR_WIRE_REMOTE', retryable: true },
  [status.UNKNOWN]: { code: 'ERR_WIRE_REMOTE', retryable: true },
};

/** The status for an error that a handler threw. A mesh error's own message goes out; its causes and other errors stay here. */
export function statusOf(error: unknown): CallStatus {
  const known = causeOf(error, MeshError);
  if (known === undefined) return { code: status.INTERNAL, details: 'internal error' };
  const listed = Object.hasOwn(STATUS_OF, known.code) ? STATUS_OF[known.code as WireErrorCode] : undefined;
  return { code: listed ?? statusByBlame(known), details: `${known.code}: ${known.message}` };
}

/** The error for a call that ended with a status other than OK. `subject` begins its message. */
export function errorOf(subject: string, failure: ServiceError): WireError {
  const { code, retryable } = ERROR_OF[failure.code] ?? { code: 'ERR_WIRE_REMOTE', retryable: false };
  return new WireError({
    code,
    blame: 'upstream',
    message: `${subject}: ${status[failure.code] ?? failure.code}: ${failure.details}`,
    retryable,
    cause: failure,
  });
}

/** The error for a discovery stream that broke. */
export function streamErrorOf(failure: unknown): XdsError {
  if (failure instanceof XdsError) return failure;
  const cause = isServiceError(failure) ? errorOf('discovery stream', failure) : failure;
  if (isServiceError(failure) && TOO_MUCH_NAMED.test(failure.details))
    return new XdsError({
      code: 'ERR_XDS_TOO_MANY_NAMES',
      blame: 'local',
      message: 'the discovery server does not take as many names at once',
      retryable: true,
      cause,
    });
  return new XdsError({
    code: 'ERR_XDS_STREAM',
    blame: 'upstream',
    message: 'the discovery stream broke',
    retryable: true,
    cause,
  });
}

function isServiceError(error: unknown): error is ServiceError {
  return error instanceof Error && 'code' in error && typeof error.code === 'number' && 'details' in error;
}

/** How the details of such a refusal begin, as `statusOf` makes them. */
const TOO_MUCH_NAMED = /^(ERR_XDS_TOO_MANY_NAMES|ERR_WIRE_TOO_LONG): /;

function statusByBlame(error: MeshError): status {
  if (error.retryable) return status.UNAVAILABLE;
  return error.blame === 'downstream' ? status.INVALID_ARGUMENT : status.INTERNAL;
}
