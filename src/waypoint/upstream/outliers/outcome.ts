/** What became of one request at one endpoint. What the client broke off has no outcome. */
export type Outcome =
  | {
      readonly kind: 'answered';
      readonly status: number;
      /** Undefined when the answer is not gRPC's. */
      readonly grpcStatus: number | undefined;
      /** How long the endpoint asks to be left alone. */
      readonly retryAfterMs: number | undefined;
    }
  /** `reset`: the connection or stream ended before the answer did. `timed-out`: nobody waited any longer. */
  | { readonly kind: 'connect-failed' | 'reset' | 'timed-out' };

/** How an outcome counts. A gateway error is a server error too. */
export type OutcomeClass = 'success' | 'server-error' | 'gateway-error' | 'rate-limited';

/** `heedsRateLimits`: "too many requests", and a 503 that says until when, are no failures but requests for a rest. */
export function classify(outcome: Outcome, heedsRateLimits: boolean): OutcomeClass {
  if (outcome.kind !== 'answered') return 'gateway-error';
  const status = outcome.grpcStatus === undefined ? outcome.status : httpStatusOf(outcome.grpcStatus);
  const asksForRest = status === 429 || (status === 503 && outcome.retryAfterMs !== undefined);
  if (heedsRateLimits && asksForRest) return 'rate-limited';
  if (status >= 502 && status <= 504) return 'gateway-error';
  return status >= 500 ? 'server-error' : 'success';
}

/** The HTTP status that says nearly the same (google.rpc.Code's own table); 400 for what is the caller's fault. */
function httpStatusOf(grpcStatus: number): number {
  return GRPC_AS_HTTP.get(grpcStatus) ?? 400;
}

const GRPC_AS_HTTP: ReadonlyMap<number, number> = new Map([
  [0, 200],
  [2, 500],
  [4, 504],
  [8, 429],
  [12, 501],
  [13, 500],
  [14, 503],
  [15, 500],
]);
