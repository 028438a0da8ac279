import type { Service, SocketAddress, Workload, WorkloadIdentity } from '../../model/index.ts';
import type { TraceContext } from '../trace/index.ts';

/** What is known of one HTTP request when it is over. */
export interface RequestLogRecord {
  readonly source: SocketAddress;
  readonly sourceWorkload: Workload | undefined;
  readonly sourceIdentity: WorkloadIdentity | undefined;
  /** The service that was dialled. */
  readonly service: Service | undefined;
  /** The service that the request was sent on to, where routing chose one. */
  readonly backendService: Service | undefined;
  /** Whom the last try went to. */
  readonly upstream: Workload | undefined;
  readonly protocol: string;
  readonly method: string;
  readonly host: string;
  /** Without the query, which often holds what must not be logged. */
  readonly path: string;
  readonly status: number;
  readonly grpcStatus: number | undefined;
  readonly requestBytes: number;
  readonly responseBytes: number;
  readonly durationMs: number;
  readonly attempts: number;
  readonly route: string | undefined;
  readonly routeRule: string;
  /** The span that it is. */
  readonly trace: Pick<TraceContext, 'traceId' | 'spanId' | 'sampled'> | undefined;
  /** The request's own, as they came, names in lower case; put together when asked for. */
  headers(): Readonly<Record<string, string>>;
  /** Why the proxy itself answered: a word of a closed list, the policy and its rule (from 0), and the error. */
  readonly reason: string | undefined;
  readonly policy: string | undefined;
  readonly rule: number | undefined;
  /** Stands in the number's place. Default: it has none. */
  readonly ruleName?: string | undefined;
  readonly error: Error | undefined;
}
