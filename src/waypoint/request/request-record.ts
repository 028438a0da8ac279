import type { MeshError } from '../../base/index.ts';
import type { SpanContext } from '../../telemetry/index.ts';
import type { RouteKey, Service, Workload } from '../../model/index.ts';
import type { VerifiedToken } from '../authentication/verified-token.ts';
import type { RouteSelection } from '../routing/route-selection.ts';

/**
 * What there is to tell about one request when it is over. Layers write into it what they learn; access log, metrics and
 * spans read it at the end. One for each request, owned by the listener.
 */
export interface RequestRecord {
  /** `<namespace>/<name>` of the policy that decided, and which of its rules, from 0. */
  policy: string | undefined;
  rule: number | undefined;
  /** Its name, where rules of that kind have names. */
  ruleName: string | undefined;
  /** The ALLOW policy that let it through, where one had to. */
  allowedBy: string | undefined;
  /** A word of a closed list: why the waypoint itself answered. */
  reason: string | undefined;
  /** What kept the request from its answer, or cut it. */
  error: MeshError | undefined;
  route: RouteKey | undefined;
  /** The route's rule: its name, or its number, from 1, where it has none. Empty: no rule took the request. */
  routeRule: string;
  /** The rule that took it. */
  taken: Extract<RouteSelection, { readonly kind: 'rule' }> | undefined;
  /** The service that it went to because no route is bound to it. */
  byDefault: Service | undefined;
  /** Tokens that were found good. */
  tokens: readonly VerifiedToken[];
  /** The service that the last try went to. */
  backendService: Service | undefined;
  /** Whom the last try went to. */
  upstream: Workload | undefined;
  /** Tries at backends; more than one when there were retries. */
  attempts: number;
  /** The gRPC status of the answer, where it has one. */
  grpcStatus: number | undefined;
  trace: SpanContext | undefined;
  requestBytes: number;
  responseBytes: number;
  /** Filled in at the end. */
  status: number;
  durationMs: number;
}

/** Of a request of which nothing is known yet. */
export function createRequestRecord(): RequestRecord {
  return {
    policy: undefined,
    rule: undefined,
    ruleName: undefined,
    allowedBy: undefined,
    reason: undefined,
    error: undefined,
    route: undefined,
    routeRule: '',
    taken: undefined,
    byDefault: undefined,
    tokens: [],
    backendService: undefined,
    upstream: undefined,
    attempts: 0,
    grpcStatus: undefined,
    trace: undefined,
    requestBytes: 0,
    responseBytes: 0,
    status: 0,
    durationMs: 0,
  };
}
