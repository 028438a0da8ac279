import type { HttpRequest } from '../../http/index.ts';
import { formatSocketAddress, identityOf, type RefusalView, type TrafficEdge } from '../../model/index.ts';
import { type EdgeBook, type PolicyHits, type Verdict, verdictOf } from '../../proxy/index.ts';
import type { CountsOfOne, Observer } from '../../telemetry/index.ts';
import { isGrpc } from '../request/failure-response.ts';
import type { RequestContext } from '../request/request-context.ts';
import { flowRequest, shownRequest } from './flow-request.ts';
import type { RuleRates } from './rule-rates.ts';
import { VERDICTS } from './verdicts.ts';
import { hitKey } from './waypoint-policies.ts';

/** Where a request that is over is counted. */
export interface RequestObserverDeps {
  readonly observer: Observer;
  readonly edges: EdgeBook;
  readonly rules: Pick<RuleRates, 'count' | 'countDefault'>;
  readonly hits: Pick<PolicyHits, 'decided'>;
  /** `namespace/name` of the waypoint. */
  readonly gateway: string;
  /** `waypoint/<namespace>/<pod>`. */
  readonly proxy: string;
  readonly now: () => number;
}

/** Tells of one request when it is over. */
export type ObserveRequest = (request: HttpRequest, context: RequestContext) => void;

/** Called once for each request. Views are made only while somebody follows. */
export function createRequestObserver(deps: RequestObserverDeps): ObserveRequest {
  const { observer } = deps;
  return (request, context) => {
    const { record } = context;
    const edge = edgeOf(request, context, deps);
    const verdict = verdictOn(context);
    const counts = countsOf(context, verdict);
    observer.count(edge, counts);
    if (record.taken !== undefined) deps.rules.count(record.taken, counts);
    else if (record.byDefault !== undefined) deps.rules.countDefault(record.byDefault, counts);
    if (verdict !== undefined) {
      observer.refused(refusalOf(request, context, { edge, verdict, now: deps.now }));
      countHit(record, deps.hits);
    }
    noteFlow(request, context, { edge, verdict, observer });
    if (observer.isFollowed) observer.requestEnded(requestView(request, context, { edge, verdict, deps }));
  };
}

/** Of those requests alone that the waypoint refused, or that failed. */
export function failedRequests(observe: ObserveRequest): ObserveRequest {
  return (request, context) => {
    const { error, reason } = context.record;
    if (error !== undefined || reason !== undefined) observe(request, context);
  };
}

function edgeOf(
  request: HttpRequest,
  { client, dialled, record }: RequestContext,
  { edges, gateway }: Pick<RequestObserverDeps, 'edges' | 'gateway'>,
): TrafficEdge {
  const { upstream } = record;
  // Only a tunnel proves who is at its other end.
  const isTunnelled = upstream?.tunnelProtocol === 'hbone';
  return edges({
    reporter: 'waypoint',
    source: client,
    destination: {
      workload: upstream,
      identity: upstream !== undefined && isTunnelled ? identityOf(upstream) : undefined,
      address: undefined,
    },
    service: dialled.service,
    servicePort: dialled.port,
    protocol: isGrpc(request) ? 'grpc' : 'http',
    mutualTls: upstream === undefined || isTunnelled,
    waypoint: gateway,
  });
}

/** Why the waypoint itself answered, or cut the answer. Undefined: it did not. */
function verdictOn({ record }: RequestContext): Verdict | undefined {
  const { error, reason, policy, rule } = record;
  if (error !== undefined) {
    const verdict = verdictOf(error, VERDICTS);
    return verdict.policy === '' && policy !== undefined
      ? { ...verdict, policy, rule: rule === undefined ? 0 : rule + 1 }
      : verdict;
  }
  // An authorizer's own answer is passed on, and is no error of ours.
  if (reason !== 'authorizer_denied') return undefined;
  return {
    kind: 'refused',
    reason,
    policy: policy ?? '',
    rule: rule === undefined ? 0 : rule + 1,
    message: `the authorizer that ${policy ?? 'a policy'} asks denied the request`,
    hint: 'its own log says why',
  };
}

/** AuthorizationPolicies are counted where they decide; of others it shows here alone. */
function countHit({ error, policy }: RequestContext['record'], hits: Pick<PolicyHits, 'decided'>): void {
  const kind = error === undefined ? undefined : HIT_KINDS[error.code];
  if (kind !== undefined && policy !== undefined)
    hits.decided({ verdict: 'deny', policy: hitKey(kind, policy) });
}

const HIT_KINDS: Readonly<Record<string, 'RequestAuthentication' | 'RateLimit'>> = {
  ERR_WAYPOINT_TOKEN_INVALID: 'RequestAuthentication',
  ERR_WAYPOINT_TOKEN_MISSING: 'RequestAuthentication',
  ERR_WAYPOINT_RATE_LIMITED: 'RateLimit',
};

/** What the status says already is not said twice: who reads adds both up. */
function countsOf({ record }: RequestContext, verdict: Verdict | undefined): CountsOfOne {
  const { status, grpcStatus, attempts } = record;
  const isRefused = verdict?.kind === 'refused' && status < 500;
  const isGrpcError = !isRefused && status < 500 && grpcStatus !== undefined && grpcStatus !== 0;
  return {
    requests: 1,
    status,
    tookMs: record.durationMs,
    sentBytes: record.responseBytes,
    receivedBytes: record.requestBytes,
    retries: attempts > 1 ? attempts - 1 : 0,
    refused: isRefused ? 1 : 0,
    failed: verdict?.kind === 'failed' && status < 500 && !isGrpcError ? 1 : 0,
    grpcErrors: isGrpcError ? 1 : 0,
  };
}

function refusalOf(
  request: HttpRequest,
  { client, dialled, record }: RequestContext,
  told: { readonly edge: TrafficEdge; readonly verdict: Verdict; readonly now: () => number },
): Omit<RefusalView, 'id' | 'proxy'> {
  const { edge, verdict, now } = told;
  return {
    atMs: now(),
    reporter: 'waypoint',
    source: edge.source,
    sourceAddress: client.address,
    destination: edge.destination,
    dialled: formatSocketAddress(dialled),
    service: edge.service,
    request: {
      ...shownRequest(request),
      status: record.status,
    },
    ...verdict,
    traceId: record.trace?.traceId ?? '',
  };
}

function noteFlow(
  request: HttpRequest,
  context: RequestContext,
  told: {
    readonly edge: TrafficEdge;
    readonly verdict: Verdict | undefined;
    readonly observer: Pick<Observer, 'flow'>;
  },
): void {
  const { edge, verdict, observer } = told;
  const { client, dialled, record } = context;
  observer.flow({
    reporter: 'waypoint',
    source: edge.source,
    sourceAddress: client.address,
    destination: edge.destination,
    destinationAddress: dialled.address,
    destinationPort: dialled.port,
    service: edge.service,
    mutualTls: edge.mutualTls,
    waypoint: edge.waypoint,
    verdict: verdict?.kind ?? 'allowed',
    policy: verdict?.policy ?? record.allowedBy ?? '',
    request: flowRequest(request, context),
  });
}

function requestView(
  request: HttpRequest,
  { client, record }: RequestContext,
  told: {
    readonly edge: TrafficEdge;
    readonly verdict: Verdict | undefined;
    readonly deps: Pick<RequestObserverDeps, 'proxy' | 'now'>;
  },
): Parameters<Observer['requestEnded']>[0] {
  const { edge, verdict, deps } = told;
  return {
    atMs: deps.now(),
    proxy: deps.proxy,
    source: edge.source,
    sourceAddress: formatSocketAddress(client),
    destination: edge.destination,
    service: edge.service,
    protocol: edge.protocol === 'grpc' ? 'grpc' : 'http',
    ...shownRequest(request),
    status: record.status,
    grpcStatus: record.grpcStatus,
    durationMs: record.durationMs,
    attempts: record.attempts,
    route: record.route ?? '',
    reason: verdict?.reason ?? '',
    policy: verdict?.policy ?? '',
    traceId: record.trace?.traceId ?? '',
  };
}
