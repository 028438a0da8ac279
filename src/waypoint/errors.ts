import type { ErrorCodeTable } from '../base/index.ts';
import { ProxyError, type ProxyErrorOptions } from '../proxy/index.ts';
import type { FailureAnswer } from './respond.ts';

export const WAYPOINT_ERROR_CODES = {
  ERR_WAYPOINT_CONFIG: 'one or more options of the waypoint are missing or do not parse',
  ERR_WAYPOINT_UNKNOWN_DESTINATION:
    'a tunnel asks for a service, port or pod that the waypoint does not know',
  ERR_WAYPOINT_NOT_BOUND: 'a tunnel asks for a service or pod whose waypoint this is not',
  ERR_WAYPOINT_DRAINED: 'a request or connection outlived the time that a closing waypoint gives it',
  ERR_WAYPOINT_NO_ROUTE: 'the service has routes, and no rule of theirs matches the request',
  ERR_WAYPOINT_INVALID_BACKEND: 'the rule that matched sends the request to a backend that is not valid',
  ERR_WAYPOINT_PATTERN: 'a regular expression is not RE2; the match that it stands in holds for nothing',
  ERR_WAYPOINT_NO_ENDPOINT: 'the backend has no endpoint that may take the request',
  ERR_WAYPOINT_REQUEST_TIMEOUT: 'a request took longer than its route, its policy or its client allows',
  ERR_WAYPOINT_TRY_TIMEOUT: 'a backend took longer over one try of a request than it may',
  ERR_WAYPOINT_RETRY_BUDGET: 'a request that failed is not tried again: the retry budget is used up',
  ERR_WAYPOINT_MIRROR_TIMEOUT:
    'a mirrored request took too long and was given up; its original is not concerned',
  ERR_WAYPOINT_OVERFLOW:
    'the limits of the backend are reached: connections, requests, waiting requests or retries',
  ERR_WAYPOINT_CONNECT_FAILED: 'an endpoint could not be connected to; nothing of the request was sent',
  ERR_WAYPOINT_UPSTREAM_RESET: 'an endpoint ended the connection or stream before the answer was complete',
  ERR_WAYPOINT_BAD_RESPONSE:
    'an endpoint answered with what is not HTTP, or could be read in more than one way',
  ERR_WAYPOINT_EXTENSION_MISSING: 'a route names a RateLimit, FaultInjection or Filter that is not there',
  ERR_WAYPOINT_RATE_LIMITED: 'a rate limit has no room for the request',
  ERR_WAYPOINT_RATE_LIMIT_UNCHECKED:
    'the server of a global rate limit does not answer, and the limit says to refuse then',
  ERR_WAYPOINT_RATE_LIMIT_SERVER:
    'the server of a global rate limit cannot be reached, refuses, or answers what cannot be understood',
  ERR_WAYPOINT_FILTER_BROKEN: 'the module of a filter cannot be loaded',
  ERR_WAYPOINT_FILTER_PROCESS: 'the process of a filter cannot be started, or ended before it was ready',
  ERR_WAYPOINT_FILTER_UNAVAILABLE: 'no process runs the module of a filter now',
  ERR_WAYPOINT_FILTER_FAILED: 'a filter threw, or gave what makes no sense',
  ERR_WAYPOINT_FILTER_TIMEOUT: 'a filter took longer over a request or an answer than it may',
  ERR_WAYPOINT_FILTER_CRASHED: 'the process of a filter ended while it had the request',
  ERR_WAYPOINT_FILTER_OVERLOADED: 'too many requests wait for a filter',
  ERR_WAYPOINT_FILTER_BODY: 'a body is longer than its filter takes',
  ERR_WAYPOINT_FAULT_INJECTED: 'a FaultInjection answered the request, as it is meant to',
  ERR_WAYPOINT_TOKEN_INVALID: 'a request has a token that is not good: forged, expired, or meant for others',
  ERR_WAYPOINT_TOKEN_MISSING: 'a request is without the token that its service requires',
  ERR_WAYPOINT_TOKEN_KEYS: 'a request has a token, and there are no keys to check it with',
  ERR_WAYPOINT_DENIED: 'a policy denies the request or connection, or no policy allows it',
  ERR_WAYPOINT_DENIED_LATER: 'a connection is cut because a policy that has changed no longer allows it',
  ERR_WAYPOINT_AUTHORIZER:
    'the authorizer that a policy asks does not answer, or not so that it can be understood',
  ERR_WAYPOINT_UNCHECKED_BODY: 'the body of a request cannot be shown to the authorizer that is to see it',
  ERR_WAYPOINT_PATH:
    'the path of a request has a NUL or a broken escape in it, and could be read in more than one way',
  ERR_WAYPOINT_OVERLOADED: 'as many requests are under way as this waypoint, or one client of it, may have',
  ERR_WAYPOINT_FAULT: 'something threw what is not an error of the mesh: a fault of the waypoint itself',
} as const satisfies ErrorCodeTable;

/** The codes of this folder; docs/errors.md says what each means. */
export type WaypointErrorCode = keyof typeof WAYPOINT_ERROR_CODES;

/** Beside what every error of a proxy has: what its client is answered. */
export interface WaypointErrorOptions extends ProxyErrorOptions<WaypointErrorCode> {
  /** What of its answer `respond.ts` cannot know: a `retry-after`, a status that somebody configured. */
  readonly answer?: Partial<FailureAnswer> | undefined;
}

/** What the waypoint itself decides or meets. Each code has its status in `respond.ts`. */
export class WaypointError extends ProxyError<WaypointErrorCode> {
  readonly answer: Partial<FailureAnswer> | undefined;

  constructor(options: WaypointErrorOptions) {
    super(options);
    this.answer = options.answer;
  }
}
