import type { ByteStream, Clock } from '../../base/index.ts';
import type { IpAddress, MeshView, SocketAddress, WorkloadIdentity, WorkloadUid } from '../../model/index.ts';
import type { Admission } from '../connections/admission.ts';
import type { ConnectionDetails, ConnectionRecord, RefusalTeller, SpliceStreams } from '../../proxy/index.ts';
import type { TraceContext } from '../../telemetry/index.ts';
import type { PodShare } from '../connections/fair-share.ts';
import type { ConnectionTracker } from '../connections/tracker.ts';
import type { WaypointBypass } from './waypoint-bypass.ts';

/** Everything that carrying inbound connections of one pod needs of the world. */
export interface InboundPorts {
  /** The pod, and who it is. */
  readonly pod: WorkloadUid;
  readonly identity: WorkloadIdentity;
  readonly network: string;
  readonly view: MeshView;
  readonly admission: Admission;
  /** Told of each connection that comes round a waypoint. */
  onWaypointBypass(bypass: WaypointBypass): void;
  /** Opens a connection to the application, from the client's own address. Rejects with a MeshError. */
  connectApplication(target: SocketAddress, client: IpAddress, signal: AbortSignal): Promise<ByteStream>;
  /** `parent`: the span that the connection belongs under, where its sender tells one. */
  beginRecord(details: ConnectionDetails, parent?: TraceContext): ConnectionRecord;
  /** What peers are told of refusals. */
  readonly refusals: RefusalTeller;
  readonly tracker: ConnectionTracker;
  readonly share: PodShare;
  readonly splice: SpliceStreams;
  readonly clock: Clock;
  /** How long a connection waits for the pod's own workload to arrive. */
  readonly holdMs: number;
}
