import type { MeshError } from '../base/index.ts';
import { HttpError } from '../http/index.ts';

/** What a failed request is answered with. */
export interface FailureAnswer {
  readonly status: number;
  /** For gRPC clients: a code of GRPC. */
  readonly grpc: number;
  /** What the client is told. Never more than it may know: the details are in the access log. */
  readonly text: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
}

/** gRPC's status codes. */
export const GRPC = {
  OK: 0,
  CANCELLED: 1,
  UNKNOWN: 2,
  INVALID_ARGUMENT: 3,
  DEADLINE_EXCEEDED: 4,
  PERMISSION_DENIED: 7,
  RESOURCE_EXHAUSTED: 8,
  ABORTED: 10,
  UNIMPLEMENTED: 12,
  INTERNAL: 13,
  UNAVAILABLE: 14,
  UNAUTHENTICATED: 16,
} as const;

/** An error that brings a part of its answer itself, such as a `retry-after`. */
export interface AnswerHint {
  readonly answer: Partial<FailureAnswer>;
}

/** The one place where an error becomes an answer. A code that is missing here is a fault of ours: 500. */
export function answerFor(error: MeshError): FailureAnswer {
  const { status, grpc, text } = ANSWERS[error.code] ?? brokenRequest(error) ?? INTERNAL;
  const hint = hasHint(error) ? error.answer : {};
  return { status, grpc, text, headers: [], ...hint };
}

/**
 * A request whose body turned out to be wrong while it was on its way: the server's end, which may be behind the client's in the
 * causes, says what its client is to be told.
 */
function brokenRequest(error: unknown): Row | undefined {
  if (!(error instanceof HttpError) || error.blame !== 'downstream') return undefined;
  const { status, cause } = error;
  if (status === undefined) return brokenRequest(cause);
  return { status, grpc: GRPC.INTERNAL, text: 'the request is not as HTTP has it' };
}

function hasHint(error: object): error is AnswerHint {
  return 'answer' in error && typeof error.answer === 'object' && error.answer !== null;
}

type Row = Omit<FailureAnswer, 'headers'>;

const INTERNAL: Row = { status: 500, grpc: GRPC.INTERNAL, text: 'internal error of the waypoint' };

const ANSWERS: Readonly<Record<string, Row>> = {
  // Gateway API: no rule matches.
  ERR_WAYPOINT_NO_ROUTE: { status: 404, grpc: GRPC.UNIMPLEMENTED, text: 'no route for this request' },
  // Gateway API, backendRefs: an invalid backend's share; of GRPCRoutes UNAVAILABLE.
  ERR_WAYPOINT_INVALID_BACKEND: {
    status: 500,
    grpc: GRPC.UNAVAILABLE,
    text: 'the route for this request has no valid backend',
  },
  // Gateway API, HTTPRouteFilter: a filter that cannot be resolved must not be skipped.
  ERR_WAYPOINT_EXTENSION_MISSING: {
    status: 500,
    grpc: GRPC.INTERNAL,
    text: 'the route for this request names a filter that is not there',
  },
  // Without a body: what it costs must not wait for the client.
  ERR_WAYPOINT_OVERLOADED: { status: 503, grpc: GRPC.UNAVAILABLE, text: '' },
  // RFC 6585 §4, with the retry-after that the error brings.
  ERR_WAYPOINT_RATE_LIMITED: { status: 429, grpc: GRPC.RESOURCE_EXHAUSTED, text: 'rate limit exceeded' },
  ERR_WAYPOINT_FILTER_UNAVAILABLE: { status: 500, grpc: GRPC.INTERNAL, text: 'a filter is not available' },
  ERR_WAYPOINT_FILTER_FAILED: { status: 500, grpc: GRPC.INTERNAL, text: 'a filter failed' },
  ERR_WAYPOINT_FILTER_TIMEOUT: { status: 500, grpc: GRPC.INTERNAL, text: 'a filter took too long' },
  ERR_WAYPOINT_FILTER_CRASHED: { status: 500, grpc: GRPC.INTERNAL, text: 'a filter failed' },
  ERR_WAYPOINT_FILTER_OVERLOADED: { status: 503, grpc: GRPC.UNAVAILABLE, text: 'a filter is overloaded' },
  // Of an answer: 502, as the error says.
  ERR_WAYPOINT_FILTER_BODY: { status: 413, grpc: GRPC.RESOURCE_EXHAUSTED, text: 'the body is too long' },
  // The error brings the status that somebody configured.
  ERR_WAYPOINT_FAULT_INJECTED: { status: 500, grpc: GRPC.UNKNOWN, text: 'injected fault' },
  ERR_WAYPOINT_RATE_LIMIT_UNCHECKED: {
    status: 503,
    grpc: GRPC.UNAVAILABLE,
    text: 'the rate limit cannot be checked now',
  },
  ERR_WAYPOINT_NO_ENDPOINT: { status: 503, grpc: GRPC.UNAVAILABLE, text: 'no healthy upstream' },
  // Gateway API, timeouts.
  ERR_WAYPOINT_REQUEST_TIMEOUT: {
    status: 504,
    grpc: GRPC.DEADLINE_EXCEEDED,
    text: 'the request took longer than it may',
  },
  ERR_WAYPOINT_TRY_TIMEOUT: {
    status: 504,
    grpc: GRPC.DEADLINE_EXCEEDED,
    text: 'the backend took longer than it may',
  },
  // Gateway API, XBackendTrafficPolicy: what the budget does not allow gets a 503.
  ERR_WAYPOINT_RETRY_BUDGET: {
    status: 503,
    grpc: GRPC.UNAVAILABLE,
    text: 'the backend failed, and too many requests are being tried again',
  },
  // As Envoy: what never reached a backend, and what a backend cut before its answer, is a 503; nonsense is a 502.
  ERR_WAYPOINT_OVERFLOW: { status: 503, grpc: GRPC.UNAVAILABLE, text: 'the backend has too much to do' },
  ERR_WAYPOINT_CONNECT_FAILED: {
    status: 503,
    grpc: GRPC.UNAVAILABLE,
    text: 'the backend could not be reached',
  },
  ERR_WAYPOINT_UPSTREAM_RESET: {
    status: 503,
    grpc: GRPC.UNAVAILABLE,
    text: 'the backend broke the connection off',
  },
  ERR_WAYPOINT_BAD_RESPONSE: {
    status: 502,
    grpc: GRPC.UNAVAILABLE,
    text: 'the backend sent an answer that is not HTTP',
  },
  // RFC 6750 §3.1; which of its parts is wrong is not told.
  ERR_WAYPOINT_TOKEN_INVALID: { status: 401, grpc: GRPC.UNAUTHENTICATED, text: 'the token is not valid' },
  ERR_WAYPOINT_TOKEN_MISSING: { status: 401, grpc: GRPC.UNAUTHENTICATED, text: 'a token is required' },
  // Envoy's words, which clients of Istio know; who denied and why is not told.
  ERR_WAYPOINT_DENIED: { status: 403, grpc: GRPC.PERMISSION_DENIED, text: 'RBAC: access denied' },
  ERR_WAYPOINT_DENIED_LATER: { status: 403, grpc: GRPC.PERMISSION_DENIED, text: 'RBAC: access denied' },
  // The status is the authorizer's statusOnError, which the error brings.
  ERR_WAYPOINT_AUTHORIZER: {
    status: 403,
    grpc: GRPC.PERMISSION_DENIED,
    text: 'the request cannot be authorized now',
  },
  ERR_WAYPOINT_UNCHECKED_BODY: {
    status: 413,
    grpc: GRPC.RESOURCE_EXHAUSTED,
    text: 'the body is longer than it may be',
  },
  ERR_WAYPOINT_PATH: { status: 400, grpc: GRPC.INVALID_ARGUMENT, text: 'the path is not valid' },
  // Not the client's fault, and soon over.
  ERR_WAYPOINT_TOKEN_KEYS: {
    status: 503,
    grpc: GRPC.UNAVAILABLE,
    text: 'the token cannot be checked now',
  },
};
