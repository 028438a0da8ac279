import type { ByteStream } from '../../base/index.ts';
import type { SocketAddress, Workload, WorkloadIdentity, WorkloadUid } from '../../model/index.ts';
import type { Upstream, UpstreamRefusal } from '../../model/index.ts';
import type { SpanContext } from '../../telemetry/index.ts';
import type { ConnectionRecord } from '../../proxy/index.ts';
import type { PodShare } from '../connections/fair-share.ts';
import type { SpliceStreams } from '../../proxy/index.ts';
import type { ConnectionTracker } from '../connections/tracker.ts';

/** A connection that an application of the pod opened and the kernel brought to us. Nothing has been read from it. */
export interface CapturedConnection {
  readonly stream: ByteStream;
  readonly remote: SocketAddress;
  readonly local: SocketAddress;
  /** Where it was going before the redirection; undefined when it was not redirected. */
  readonly originalDestination: SocketAddress | undefined;
}

/** What a dial came to. */
export interface DialledUpstream {
  readonly stream: ByteStream;
  /** Who presented itself; undefined for plain TCP. */
  readonly identity: WorkloadIdentity | undefined;
}

/** Everything that carrying outbound connections of one pod needs of the world. */
export interface OutboundPorts {
  /** The pod. */
  readonly pod: WorkloadUid;
  /** The pod's own workload; waits for it a while, then throws ERR_ZTUNNEL_UNKNOWN_SOURCE. */
  sourceWorkload(): Promise<Workload> | Workload;
  resolve(question: {
    readonly source: Workload;
    readonly destination: SocketAddress;
    readonly exclude: ReadonlySet<WorkloadUid>;
  }): Upstream | UpstreamRefusal;
  /** One attempt. Rejects with a MeshError whose `retryable` says whether another endpoint may do. */
  dial(upstream: Upstream, context: DialContext): Promise<DialledUpstream>;
  beginRecord(connection: CapturedConnection): ConnectionRecord;
  readonly tracker: ConnectionTracker;
  readonly share: PodShare;
  readonly splice: SpliceStreams;
  /** How many attempts one connection is worth. */
  readonly tries: number;
}

/** For whom something is dialled. */
export interface DialContext {
  readonly source: Workload;
  /** The application's end, for `forwarded`. */
  readonly client: SocketAddress;
  /** The connection's span. */
  readonly trace: SpanContext | undefined;
  /** Nobody else is to be tried afterwards: this one may take its time, as it might without a mesh. */
  readonly isPatient: boolean;
  readonly signal: AbortSignal;
}
