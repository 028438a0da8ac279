import type { Duplex } from 'node:stream';
import type { MeshError } from './mesh-error.ts';

/**
 * A two-way stream of bytes with the two endings that TCP has and Node's Duplex alone has not: a half-close
 * (`duplex.end()` there, 'end' here) and a reset. A TCP socket is one, an HTTP/2 stream of a tunnel is another;
 * `splice` (net) joins any two.
 */
export interface ByteStream {
  /** Bytes, backpressure and half-close. `allowHalfOpen` is always on. */
  readonly duplex: Duplex;
  /**
   * Aborts the stream so that the peer cannot take the cut for a clean end (TCP RST, RST_STREAM without END_STREAM).
   * Idempotent; does nothing once the stream has ended both ways.
   */
  reset(cause: MeshError): void;
  /**
   * True when this side's end was genuine: a FIN or an END_STREAM was received. When 'close' comes without it, the
   * stream was cut, and the other side of a splice must be reset rather than ended.
   */
  readonly endedCleanly: boolean;
}
