import type { ByteStream } from '../../base/index.ts';
import type { IpAddress, SocketAddress, WorkloadIdentity } from '../../model/index.ts';
import type { TraceContext } from '../../telemetry/index.ts';
import type { TunnelRefusal } from '../../tunnel-protocol/index.ts';

/** A tunnel request that awaits its answer. */
export interface TunnelRequest {
  readonly authority:
    | { readonly kind: 'address'; readonly address: IpAddress; readonly port: number }
    | { readonly kind: 'hostname'; readonly hostname: string; readonly port: number };
  readonly peer: WorkloadIdentity;
  /** SHA-256 of the certificate that proved it, in lower-case hex; worked out when asked for. */
  readonly peerCertificateHash?: (() => string) | undefined;
  readonly local: SocketAddress;
  readonly remote: SocketAddress;
  /** What the sender says about the connection it tunnels (RFC 7239); believed for labels only. */
  readonly forwarded: {
    /** The application's own end. */
    readonly client?: SocketAddress | undefined;
    /** The service it had in mind. */
    readonly host?: string | undefined;
  };
  /** The trace that the connection belongs to, as the sender says it. */
  readonly trace?: TraceContext | undefined;
  /** Aborted when the peer gives up. */
  readonly signal: AbortSignal;
  /** Answers 200. */
  accept(): ByteStream;
  /** The reason is for records, never for the wire; `told` is for the peer. */
  refuse(status: number, reason: string, told?: TunnelRefusal): void;
}
