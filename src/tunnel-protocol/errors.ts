import { type ErrorCodeTable, MeshError, type MeshErrorOptions } from '../base/index.ts';
import type { TunnelRefusal } from './head/refusal.ts';

export const TUNNEL_ERROR_CODES = {
  ERR_TUNNEL_CONFIG: 'a tunnel setting is out of its range',
  ERR_TUNNEL_AUTHORITY: 'the authority of a CONNECT request is not address:port or hostname:port',
  ERR_TUNNEL_METHOD: 'a request to the tunnel port was not a CONNECT',
  ERR_TUNNEL_HEADER: 'a header to be sent has characters that HTTP does not allow',
  ERR_TUNNEL_ALPN: 'the peer did not agree on HTTP/2 (ALPN h2)',
  ERR_TUNNEL_CONNECT: 'no session to the peer could be opened',
  ERR_TUNNEL_CONNECT_TIMEOUT: 'no session to the peer was open in time',
  ERR_TUNNEL_STATUS: 'the peer answered a CONNECT with a status other than 200',
  ERR_TUNNEL_STREAM_REFUSED: 'the peer refused a stream before it looked at it (REFUSED_STREAM or GOAWAY)',
  ERR_TUNNEL_STREAM_RESET: 'a stream was cut by RST_STREAM, or by its session, before both ends were done',
  ERR_TUNNEL_SESSION_CLOSED: 'the session takes no new streams, or ended',
  ERR_TUNNEL_SESSION_FULL: 'the session has as many streams as the peer allows',
  ERR_TUNNEL_KEEP_ALIVE: 'the peer did not answer a keep-alive PING in time',
  ERR_TUNNEL_PROTOCOL: 'the peer broke the HTTP/2 protocol',
  ERR_TUNNEL_FLOOD:
    'the peer sent more control frames or resets, or left more handshakes open, than any honest peer does',
  ERR_TUNNEL_BUFFER_LIMIT: 'a stream was cut because unread bytes passed the cap of its workload or process',
  ERR_TUNNEL_ABORTED: 'the caller gave up before the tunnel was open',
  ERR_TUNNEL_CLOSED: 'the pool or server was closed',
  ERR_TUNNEL_PEER_REFUSED: 'the peer of a session failed authentication',
  ERR_TUNNEL_LISTEN: 'a tunnel server could not listen',
} as const satisfies ErrorCodeTable;

/** The codes of this folder; docs/errors.md says what each means. */
export type TunnelErrorCode = keyof typeof TUNNEL_ERROR_CODES;

/**
 * Beside what every error has: the status of a refused CONNECT, what the peer said of it, and the code of a reset or
 * GOAWAY.
 */
export interface TunnelErrorOptions extends MeshErrorOptions<TunnelErrorCode> {
  readonly status?: number | undefined;
  readonly refusal?: TunnelRefusal | undefined;
  readonly http2Code?: number | undefined;
}

/** Whatever ends or refuses a tunnel. `retryable` follows design.md "L4 retries": only when no byte was taken. */
export class TunnelError extends MeshError<TunnelErrorCode> {
  /** The HTTP status of the peer's answer; only with ERR_TUNNEL_STATUS. */
  readonly status: number | undefined;
  /** What the peer said of its refusal; only with ERR_TUNNEL_STATUS, and only of proxies of ours. */
  readonly refusal: TunnelRefusal | undefined;
  /** The RFC 9113 §7 code that goes, or came, with it on the wire. */
  readonly http2Code: number | undefined;

  constructor(options: TunnelErrorOptions) {
    super(options);
    this.status = options.status;
    this.refusal = options.refusal;
    this.http2Code = options.http2Code;
  }
}
