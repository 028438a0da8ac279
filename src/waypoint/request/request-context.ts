import type { HeaderList } from '../../http/index.ts';
import type { BackendTarget, HttpBackend, HttpFilter, WorkloadUid } from '../../model/index.ts';
import type { SpanContext, TraceFormat } from '../../telemetry/index.ts';
import type { VerifiedToken } from '../authentication/verified-token.ts';
import type { TargetPlan } from '../plan/target-plan.ts';
import type { RouteSelection } from '../routing/route-selection.ts';
import type { RequestRecord } from './request-record.ts';
import type { RequestParties } from './request-parties.ts';

/** Where a request stands in its trace. */
export interface RequestTrace {
  readonly span: SpanContext;
  /** In which it goes on. */
  readonly formats: readonly TraceFormat[];
}

/**
 * What layers know of one request beside the request itself. A layer that wants the rest to see something else passes on a
 * copy; `record` and `client` are shared by all copies.
 */
export interface RequestContext extends RequestParties {
  /** Everything that is configured for what was dialled, compiled; the same object for the whole request. */
  readonly plan: TargetPlan;
  /** Aborted when nobody waits for the answer any more. A timeout puts a narrower one in its place. */
  readonly signal: AbortSignal;
  /** Milliseconds of the monotonic clock. */
  readonly startedMs: number;
  readonly record: RequestRecord;
  /** The span that what happens now belongs to: the request's, and behind that the try's. */
  readonly trace?: RequestTrace | undefined;
  /** Tokens that authentication has verified. */
  readonly tokens: readonly VerifiedToken[];
  /** Which rule takes the request, found out once when first asked; from the request as it was before any filter. */
  route(): RouteSelection;
  /** Where the request goes; set by the route layer. Undefined: to the pod that was dialled. */
  readonly backend: BackendTarget | undefined;
  /** Filters of that backend alone; those of the rule are in `route()`. */
  readonly backendFilters: readonly HttpFilter[];
  /** Set where a consumer route takes the request: what it and this backend change about requests has been done. */
  readonly consumer: { readonly backend: HttpBackend | undefined } | undefined;
  /** The try that this is, from 1; above 1 for retries. */
  readonly attempt: number;
  /** Endpoints that have failed this request. */
  readonly excluded: ReadonlySet<WorkloadUid>;
  /** The endpoint that the client's session is with: it gets the request while it may be chosen at all. */
  readonly stickTo: WorkloadUid | undefined;
  /** Passes an interim answer (103) to the client. */
  informational(status: number, headers: HeaderList): void;
  /** Runs `listener` when the last byte of the answer is out, or the exchange was cut; `record` is complete then. */
  onEnd(listener: () => void): void;
}
