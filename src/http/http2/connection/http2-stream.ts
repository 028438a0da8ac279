import type { HttpError } from '../../errors.ts';
import type { HeaderField } from '../hpack/index.ts';

/** Who gets what arrives on a stream. Called synchronously while a chunk is decoded; none may throw. */
export interface StreamSink {
  /** An interim answer to our request; client only. */
  onInformational?(fields: readonly HeaderField[]): void;
  /** The final answer to our request; client only. */
  onResponse(fields: readonly HeaderField[], endStream: boolean): void;
  /** Returns how many bytes are unread now, these included. */
  onData(bytes: Buffer): number;
  /** The fields behind the peer's bytes; its end follows at once. */
  onTrailers?(fields: readonly HeaderField[]): void;
  /** END_STREAM: the peer's half is complete. */
  onEnd(): void;
  /** The stream is over before both halves were complete. Nothing follows. */
  onCut(error: HttpError): void;
  /** The peer's half is complete, and it will not read the rest of ours (RST_STREAM NO_ERROR or CANCEL after the end). */
  onUnwanted(): void;
}

/** Bytes that wait to be framed; `done` is called once the last of them is. */
export interface PendingWrite {
  bytes: Buffer;
  readonly done: ((error?: Error) => void) | undefined;
}

/**
 * One stream's state (RFC 9113 §5.1), without idle and reserved, which never have a record:
 *
 *            open ── local END_STREAM ──▶ half-closed (local)  ──┐
 *             │                                                  ├─▶ closed (forgotten)
 *             └──── remote END_STREAM ──▶ half-closed (remote) ──┘
 *            RST_STREAM either way, or the end of the session: closed at once
 */
export class Http2Stream {
  readonly id: number;
  /** Milliseconds of the monotonic clock. */
  readonly openedMs: number;
  /** A CONNECT: bytes both ways, and no HEADERS within (RFC 9113 §8.5). */
  readonly tunnel: boolean;
  sink: StreamSink;
  localEnded = false;
  remoteEnded = false;
  closed = false;
  /** Server: our answer is out. Client: the peer's answer is in. */
  answered = false;

  /** What we may send; below zero after the peer shrank its initial window (RFC 9113 §6.9.2). */
  sendWindow: number;
  readonly pending: PendingWrite[] = [];
  pendingBytes = 0;
  /** Set once the writer has ended: END_STREAM goes out behind the pending bytes. */
  endRequested: ((error?: Error) => void) | undefined;
  /** Fields that END_STREAM goes out with. */
  trailers: readonly HeaderField[] | undefined;
  queued = false;

  /** What the peer may send. */
  receiveWindow: number;
  /** What `receiveWindow` and the unread bytes should sum up to. */
  targetWindow: number;
  unreadBytes = 0;

  constructor(options: {
    readonly id: number;
    readonly openedMs: number;
    readonly tunnel: boolean;
    readonly sink: StreamSink;
    readonly sendWindow: number;
    readonly receiveWindow: number;
    readonly targetWindow: number;
  }) {
    this.id = options.id;
    this.openedMs = options.openedMs;
    this.tunnel = options.tunnel;
    this.sink = options.sink;
    this.sendWindow = options.sendWindow;
    this.receiveWindow = options.receiveWindow;
    this.targetWindow = options.targetWindow;
  }
}

/** Stands in until the endpoint has given a stream its own. */
export const NO_SINK: StreamSink = {
  onResponse: ignore,
  onData: () => 0,
  onEnd: ignore,
  onCut: ignore,
  onUnwanted: ignore,
};

function ignore(): void {
  // See NO_SINK.
}
