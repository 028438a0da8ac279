import type { MeshError } from '../../../base/index.ts';
import type { HttpRequest, HttpResponse } from '../../../http/index.ts';
import type { HttpRule, TrafficSettings } from '../../../model/index.ts';
import { isGrpc } from '../../request/failure-response.ts';
import { isIdempotent } from '../../request/idempotent.ts';
import type { RouteSelection } from '../../routing/route-selection.ts';

/** What came of one try. */
export type TryOutcome =
  | { readonly kind: 'response'; readonly response: HttpResponse }
  | { readonly kind: 'failure'; readonly error: MeshError };

/** When and how often a request may be tried again. */
export interface RetryPolicy {
  /** Beside the first try. */
  readonly attempts: number;
  readonly backoffMs: number;
  readonly maximumBackoffMs: number;
  /** Zero: no limit. */
  readonly tryTimeoutMs: number;
  readonly statuses: readonly number[];
  readonly grpcStatuses: readonly number[];
  /** Also a try that ran out of its own time: who limits that without asking for retries wants an answer by then. */
  readonly afterTimeout: boolean;
  /** The request may have its effect twice. */
  readonly repeatable: boolean;
}

/** What the rule says, and where it is silent its traffic policy. */
export function retryPolicyFor(
  request: HttpRequest,
  selection: RouteSelection,
  { retry, timeouts }: TrafficSettings,
): RetryPolicy {
  const rule: HttpRule | undefined = selection.kind === 'rule' ? selection.rule : undefined;
  const own = rule?.retry;
  const backoffMs = own?.backoffMs ?? retry.backoffMs;
  // A rule that names the method and asks for retries has said it of this method.
  const isSaid = own !== undefined && selection.kind === 'rule' && selection.match.method === request.method;
  const statuses = own === undefined || own.codes.length === 0 ? retry.codes : own.codes;
  return {
    attempts: own?.attempts ?? retry.attempts,
    backoffMs,
    maximumBackoffMs: Math.max(backoffMs, retry.maximumBackoffMs),
    tryTimeoutMs: rule?.timeouts.backendRequestMs ?? timeouts.backendRequestMs,
    statuses,
    grpcStatuses: isGrpc(request) ? retry.grpcCodes : [],
    afterTimeout: own !== undefined || statuses.includes(504),
    repeatable: retry.nonIdempotent || isSaid || isIdempotent(request.method),
  };
}

/**
 * Whether another try could do better. What the backend cannot have acted on (it was not reached, or refused the request
 * unseen) may always be tried again; everything else only when the request may have its effect twice.
 */
export function isWorthRetrying(outcome: TryOutcome, policy: RetryPolicy): boolean {
  if (outcome.kind === 'failure') {
    const { blame, retryable, code } = outcome.error;
    if (blame === 'downstream') return false;
    if (code === 'ERR_WAYPOINT_TRY_TIMEOUT' && !policy.afterTimeout) return false;
    return retryable || (blame === 'upstream' && policy.repeatable);
  }
  if (!policy.repeatable) return false;
  const { status, headers } = outcome.response;
  // gRPC, Trailers-Only: a call that failed before it said anything has its status where the others have fields.
  const grpcStatus = headers.get('grpc-status');
  return grpcStatus === undefined
    ? policy.statuses.includes(status)
    : policy.grpcStatuses.includes(Number(grpcStatus));
}
