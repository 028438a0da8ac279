import type { Clock } from '../../../base/index.ts';
import { HttpError, type HttpRequest, type HttpResponse } from '../../../http/index.ts';
import type { TrafficSettings } from '../../../model/index.ts';
import { isIdempotent } from '../../request/idempotent.ts';
import type { RequestContext } from '../../request/request-context.ts';
import type { UpstreamVersion } from '../connections/http-connector.ts';
import type { Lease } from '../connections/lane.ts';
import type { ServiceEndpoint } from '../endpoints/service-endpoint.ts';
import type { Outcome } from '../outliers/outcome.ts';
import type { TryResult } from '../backend.ts';
import { connectFailure, cutOutcome, sendFailure } from './upstream-failure.ts';
import { parseRetryAfter } from './retry-after.ts';
import { onAnswerEnd } from './watch-answer.ts';

/** One try at one endpoint. */
export interface Try {
  readonly endpoint: ServiceEndpoint;
  readonly request: HttpRequest;
  readonly context: RequestContext;
  readonly settings: TrafficSettings;
  readonly version: UpstreamVersion;
  readonly clock: Clock;
  /** How it went, at most once; not at all when that says nothing about the endpoint. */
  report(result: TryResult): void;
}

/**
 * Sends a request to an endpoint. Resolves with the head of its answer; its connection is given back when the body has ended.
 * Rejects with a MeshError, `retryable` when nothing can have come of the request.
 */
export async function sendRequest(attempt: Try): Promise<HttpResponse> {
  const { endpoint, clock } = attempt;
  endpoint.active += 1;
  endpoint.requests += 1;
  try {
    const { lease, response, sentMs } = await exchange(attempt);
    followAnswer(attempt, lease, response, clock.monotonic() - sentMs);
    return response;
  } catch (error) {
    endpoint.active -= 1;
    throw error;
  }
}

interface Exchanged {
  readonly lease: Lease;
  readonly response: HttpResponse;
  readonly sentMs: number;
}

/** On a connection that was kept from before; where that turns out to be dead, on a fresh one. */
async function exchange(attempt: Try): Promise<Exchanged> {
  const { request, context, clock } = attempt;
  for (let fresh = false; ; fresh = true) {
    const lease = await leaseConnection(attempt, fresh);
    if (lease.http.state !== 'open' && !lease.isFresh) {
      // It ended between being given and being used.
      lease.release();
      continue;
    }
    const sentMs = clock.monotonic();
    try {
      const response = await lease.http.send(request, {
        signal: context.signal,
        onInformational: context.informational,
      });
      return { lease, response, sentMs };
    } catch (error) {
      lease.release();
      if (!fresh && !lease.isFresh && mayRepeat(request, error)) continue;
      const { error: failure, outcome } = sendFailure(error, describe(attempt));
      if (outcome !== undefined)
        attempt.report({ outcome, error: failure, latencyMs: clock.monotonic() - sentMs });
      throw failure;
    }
  }
}

async function leaseConnection(attempt: Try, fresh: boolean): Promise<Lease> {
  const { endpoint, context, settings, version, clock } = attempt;
  const { client, signal, trace } = context;
  const startedMs = clock.monotonic();
  try {
    const { upstream, connections } = endpoint;
    return await connections.lease({
      upstream,
      version,
      client,
      trace: trace?.span,
      settings,
      signal,
      fresh,
    });
  } catch (error) {
    const { error: failure, outcome } = connectFailure(error, describe(attempt));
    if (outcome !== undefined)
      attempt.report({ outcome, error: failure, latencyMs: clock.monotonic() - startedMs });
    throw failure;
  }
}

/**
 * A server may close a connection in the very moment in which it gets another request. What it cannot have seen may be sent
 * again, and so may what is idempotent (RFC 9112 §9.3.1), as long as none of the body is spent.
 */
function mayRepeat({ method, body }: HttpRequest, error: unknown): boolean {
  if (!(error instanceof HttpError) || error.blame !== 'upstream') return false;
  if (body.stream !== undefined && (body.stream.readableDidRead || body.stream.destroyed)) return false;
  return error.retryable || (error.code === 'ERR_HTTP_STALE' && isIdempotent(method));
}

/** Counts the try when its answer is known to the end; an error in the head needs no waiting. */
function followAnswer(attempt: Try, lease: Lease, response: HttpResponse, latencyMs: number): void {
  const { endpoint, clock } = attempt;
  const headOutcome = outcomeOf(response, clock, response.headers.get('grpc-status'));
  const isKnown = headOutcome.status >= 400 || headOutcome.grpcStatus !== undefined;
  if (isKnown) attempt.report({ outcome: headOutcome, latencyMs });
  onAnswerEnd(response, (cut) => {
    lease.release();
    endpoint.active -= 1;
    if (isKnown) return;
    const outcome =
      cut === undefined
        ? outcomeOf(response, clock, response.body.trailers()?.get('grpc-status'))
        : cutOutcome(cut);
    if (outcome !== undefined) attempt.report({ outcome, latencyMs });
  });
}

function outcomeOf(response: HttpResponse, clock: Clock, grpcStatus: string | undefined) {
  return {
    kind: 'answered',
    status: response.status,
    grpcStatus: grpcStatus === undefined ? undefined : Number(grpcStatus),
    retryAfterMs: parseRetryAfter(response.headers.get('retry-after'), clock.now()),
  } as const satisfies Outcome;
}

function describe({ endpoint: { workload, upstream } }: Try): string {
  return `${workload.namespace}/${workload.name} (${upstream.address}:${upstream.targetPort})`;
}
