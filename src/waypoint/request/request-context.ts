import type { HeaderList } from '../../http/index.ts';
import type {
  BackendTarget,
  HttpBackend,
  HttpFilter,
  IpAddress,
  Service,
  Workload,
  WorkloadIdentity,
  WorkloadUid,
} from '../../model/index.ts';
import type { SpanContext, TraceContext, TraceFormat } from '../../telemetry/index.ts';
import type { VerifiedToken } from '../authentication/verified-token.ts';
import type { TargetPlan } from '../plan/target-plan.ts';
import type { RouteSelection } from '../routing/route-selection.ts';
import type { RequestRecord } from './request-record.ts';

/** Who sent the request, as the tunnel it came through proves; never as the request says. */
export interface RequestClient {
  readonly identity: WorkloadIdentity;
  /** SHA-256 of the certificate that proves it, in lower-case hex; worked out when asked for. */
  readonly certificateHash?: (() => string) | undefined;
  /** Of the pod whose connection it is. */
  readonly address: IpAddress;
  readonly port: number;
  /** Undefined when the mesh does not know it. */
  readonly workload: Workload | undefined;
  /** The trace of its connection, as its node's proxy tells it. */
  readonly trace?: TraceContext | undefined;
}

/** What the client dialled: a service by its virtual address, or a pod by its own. */
export type DialledTarget =
  | {
      readonly kind: 'service';
      readonly service: Service;
      readonly address: IpAddress;
      readonly port: number;
    }
  | {
      readonly kind: 'workload';
      readonly workload: Workload;
      /** The service it most likely stands for; for labels only. */
      readonly service: Service | undefined;
      readonly address: IpAddress;
      readonly port: number;
    };

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
export interface RequestContext {
  readonly client: RequestClient;
  readonly dialled: DialledTarget;
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
