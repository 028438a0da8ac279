import type { ByteStream, Clock } from '../../base/index.ts';
import type { IpAddress, MeshView, WorkloadIdentity, WorkloadUid } from '../../model/index.ts';
import type { Admission } from '../connections/admission.ts';
import type { ConnectionDetails, ConnectionRecord } from '../connections/connection-record.ts';
import type { Endpoint } from '../connections/endpoint.ts';
import type { PodShare } from '../connections/fair-share.ts';
import type { SpliceStreams } from '../connections/join.ts';
import type { ConnectionTracker } from '../connections/tracker.ts';

/** Everything that carrying inbound connections of one pod needs of the world. */
export interface InboundPorts {
  /** The pod, and who it is. */
  readonly pod: WorkloadUid;
  readonly identity: WorkloadIdentity;
  readonly network: string;
  readonly view: MeshView;
  readonly admission: Admission;
  /** Opens a connection to the application, from the client's own address. Rejects with a MeshError. */
  connectApplication(target: Endpoint, client: IpAddress, signal: AbortSignal): Promise<ByteStream>;
  beginRecord(details: ConnectionDetails): ConnectionRecord;
  readonly tracker: ConnectionTracker;
  readonly share: PodShare;
  readonly splice: SpliceStreams;
  readonly clock: Clock;
  /** How long a connection waits for the pod's own workload to arrive. */
  readonly holdMs: number;
}

/** A tunnel request that awaits its answer. */
export interface TunnelRequest {
  readonly authority:
    | { readonly kind: 'address'; readonly address: IpAddress; readonly port: number }
    | { readonly kind: 'hostname'; readonly hostname: string; readonly port: number };
  readonly peer: WorkloadIdentity;
  readonly local: Endpoint;
  readonly remote: Endpoint;
  /** What the sender says about the connection it tunnels (RFC 7239); believed for labels only. */
  readonly forwarded: {
    /** The application's own end. */
    readonly client?: Endpoint | undefined;
    /** The service it had in mind. */
    readonly host?: string | undefined;
  };
  /** Aborted when the peer gives up. */
  readonly signal: AbortSignal;
  /** Answers 200. */
  accept(): ByteStream;
  refuse(status: number, reason: string): void;
}
