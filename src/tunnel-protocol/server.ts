import type { TLSSocket, TlsOptions } from 'node:tls';
import type { BufferAccount, Clock, Closable, HandshakeGate } from '../base/index.ts';
import type { SocketAddress } from '../model/index.ts';
import type { TunnelOptions } from './config.ts';
import type { TunnelError } from './errors.ts';
import type { Authority, TunnelRefusal, TunnelRequestHead, TunnelResponseHeaders } from './head/index.ts';
import type { TunnelStream } from './session.ts';

/** A CONNECT that awaits its verdict: exactly one of `accept` and `refuse` counts, later calls do nothing or throw. */
export interface IncomingTunnel<Peer> {
  readonly method: 'CONNECT';
  readonly head: TunnelRequestHead;
  /** `head.authority`, parsed. */
  readonly authority: Authority;
  /** What `authenticate` said about this session. */
  readonly peer: Peer;
  readonly local: SocketAddress;
  readonly remote: SocketAddress;
  /** Aborted when the peer gives up before the verdict. */
  readonly signal: AbortSignal;
  /** Answers 200. Throws a TunnelError when the stream is gone already. */
  accept(headers?: TunnelResponseHeaders): TunnelStream;
  /** Answers `status` and ends the stream. The reason is for records, never for the wire; `told` is for the peer. */
  refuse(status: number, reason: string, told?: TunnelRefusal): void;
}

/** A request that the server itself answered with 400 (wire.md §1.6). */
export interface BadRequest<Peer> {
  readonly error: TunnelError;
  readonly method: string;
  readonly authority: string;
  readonly peer: Peer;
  readonly remote: SocketAddress;
}

/** Whose port it is, who may come, and who hears of what came. */
export interface TunnelServerOptions<Peer> {
  /** Key, certificate and CAs of the workload whose port this is; versions and ALPN are set here. */
  readonly tls: TlsOptions;
  readonly config?: TunnelOptions | undefined;
  readonly clock?: Clock | undefined;
  readonly account?: BufferAccount | undefined;
  /** Default: 512 unfinished handshakes in the whole process. */
  readonly handshakes?: HandshakeGate | undefined;
  /** Called once per session after the handshake, and again by `reauthenticate`. Throwing refuses the session. */
  authenticate(socket: TLSSocket): Peer;
  onTunnel(tunnel: IncomingTunnel<Peer>): void;
  onBadRequest?(request: BadRequest<Peer>): void;
  /**
   * Handshakes that failed, peers that `authenticate` refused, and sessions ended for a breach of protocol. `verdict` is
   * what node:tls thought of the certificate of a failed handshake.
   */
  onSessionRefused?(error: Error, remote: SocketAddress | undefined, verdict?: unknown): void;
}

/** The tunnel port of one workload. `close()` stops accepting, sends GOAWAY and waits for the streams that run. */
export interface TunnelServer extends Closable {
  readonly sessions: number;
  readonly activeStreams: number;
  /** Takes the listening descriptor over. Rejects with ERR_TUNNEL_LISTEN. */
  listen(fd: number): Promise<void>;
  /** New handshakes use these; sessions that run are not touched. */
  setSecureContext(options: TlsOptions): void;
  /** Asks `authenticate` again about every live session (trust or CRL changed) and cuts those that it refuses. */
  reauthenticate(): number;
  /** Takes those on that wait already, then nobody; sessions and their streams go on, also new streams of theirs. */
  stopAccepting(): Promise<void>;
}
