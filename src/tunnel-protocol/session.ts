import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import type { BufferAccount, ByteStream, Clock, Closable, Signal } from '../base/index.ts';
import type { TunnelOptions } from './config.ts';
import type { TunnelRequestHead, TunnelResponseHeaders } from './head/index.ts';

/**
 * One tunnelled connection. END_STREAM is the half-close in both directions. A stream cut by RST_STREAM or by the end
 * of its session fails its duplex with a TunnelError and leaves `endedCleanly` false. Destroying the duplex resets.
 */
export interface TunnelStream extends ByteStream {
  readonly id: number;
}

/** A tunnel whose CONNECT was answered with 200. The caller owns the stream. */
export interface OpenedTunnel {
  readonly stream: TunnelStream;
  readonly responseHeaders: TunnelResponseHeaders;
}

/** open: takes streams. draining: GOAWAY was sent or received, running streams go on. closed: nothing is left. */
export type SessionState = 'open' | 'draining' | 'closed';

/** The client's end of one HTTP/2 connection. `close()` lets its streams finish; `destroy()` cuts them. */
export interface TunnelSession extends Closable {
  readonly state: SessionState;
  /** Streams opened and not yet ended both ways. */
  readonly activeStreams: number;
  /** What the peer allows at once; a guess until its SETTINGS arrive. */
  readonly capacity: number;
  /** Given whenever one of the three above changed. */
  readonly changes: Signal<void>;
  /** Resolves once the socket is gone; never rejects. */
  readonly closed: Promise<void>;
  /** Rejects with a TunnelError: its `status` for answers other than 200, `retryable` as design.md "L4 retries". */
  open(head: TunnelRequestHead, signal?: AbortSignal): Promise<OpenedTunnel>;
}

/** What may be shared with other sessions; all of it has defaults. */
export interface SessionOptions {
  readonly config?: TunnelOptions | undefined;
  readonly clock?: Clock | undefined;
  /** Where this session's unread bytes are counted; by default on an account of its own. */
  readonly account?: BufferAccount | undefined;
}

/** A TLS socket whose handshake is done and whose peer is verified; any duplex does in tests. */
export type TunnelTransport = TLSSocket | Duplex;
