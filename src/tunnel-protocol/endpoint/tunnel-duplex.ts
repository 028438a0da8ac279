import { Duplex } from 'node:stream';
import { ErrorCode, type Http2Connection, type Http2Stream } from '../../http/http2/index.ts';
import { TunnelError } from '../errors.ts';
import type { TunnelStream } from '../session.ts';

/** An HTTP/2 stream as a Duplex: unread bytes hold the stream's window, unsent ones the writer. */
export class TunnelDuplex extends Duplex {
  readonly #connection: Http2Connection;
  #stream: Http2Stream | undefined;
  #unwanted = false;

  constructor(connection: Http2Connection) {
    super({ highWaterMark: HIGH_WATER_MARK_BYTES, allowHalfOpen: true });
    this.#connection = connection;
    // A cut in the moment before somebody listens must not end the process; listeners get it all the same.
    this.on('error', ignore);
  }

  /** Ties the stream in; before, nothing may be read or written. */
  attach(stream: Http2Stream): void {
    this.#stream = stream;
  }

  get stream(): Http2Stream | undefined {
    return this.#stream;
  }

  /** Bytes from the peer. Returns how many are unread now. */
  receive(bytes: Buffer): number {
    if (this.destroyed) return 0;
    this.push(bytes);
    return this.readableLength;
  }

  /** The peer's half is complete. */
  receiveEnd(): void {
    if (!this.destroyed) this.push(null);
  }

  /** What the reader has not taken yet is still its; what it writes goes nowhere. */
  receiveUnwanted(): void {
    this.#unwanted = true;
    if (this.readableEnded) this.destroy();
    else this.once('end', () => this.destroy());
  }

  override read(size?: number): Buffer | null {
    const bytes: Buffer | null = super.read(size);
    const stream = this.#stream;
    // Also when the stream is over: what lies unread is counted until it is read.
    if (bytes !== null && stream !== undefined && stream.unreadBytes > 0)
      this.#connection.read(stream, this.readableLength);
    return bytes;
  }

  override _read(): void {
    // Bytes come when they come; windows bound how many.
  }

  override _write(bytes: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    if (this.#stream === undefined || this.#unwanted) done();
    else this.#connection.write(this.#stream, [{ bytes, done }]);
  }

  override _writev(
    chunks: { chunk: Buffer; encoding: BufferEncoding }[],
    done: (error?: Error | null) => void,
  ): void {
    if (this.#stream === undefined || this.#unwanted) {
      done();
      return;
    }
    const last = chunks.length - 1;
    this.#connection.write(
      this.#stream,
      chunks.map(({ chunk }, index) => ({ bytes: chunk, done: index === last ? done : undefined })),
    );
  }

  override _final(done: (error?: Error | null) => void): void {
    if (this.#stream === undefined || this.#unwanted) done();
    else this.#connection.end(this.#stream, done);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    const stream = this.#stream;
    if (stream !== undefined) {
      // RFC 9113 §8.5: a TCP error is CONNECT_ERROR; somebody who lost interest cancels.
      this.#connection.reset(stream, error === null ? ErrorCode.CANCEL : ErrorCode.CONNECT_ERROR);
      this.#connection.read(stream, 0);
    }
    done(error);
  }
}

/** The face of a duplex towards the callers of this folder. */
export function tunnelStreamOf(duplex: TunnelDuplex, stream: Http2Stream): TunnelStream {
  return {
    duplex,
    id: stream.id,
    get endedCleanly() {
      return stream.remoteEnded;
    },
    reset(cause) {
      // Complete both ways: there is nothing left to cut, and bytes that wait for the reader stay its own.
      if (stream.localEnded && stream.remoteEnded) return;
      duplex.destroy(
        new TunnelError({
          code: 'ERR_TUNNEL_STREAM_RESET',
          blame: cause.blame,
          message: 'the stream was reset on this side',
          cause,
        }),
      );
    },
  };
}

function ignore(): void {
  // See the constructor.
}

/** Of a reader that pauses and of a writer that runs ahead; more only costs memory. */
const HIGH_WATER_MARK_BYTES = 64 * 1024;
