import { Duplex } from 'node:stream';
import type { ByteStream } from '../../base/index.ts';

/** A stream whose client has said all it will, and was read to its end: gives `bytes` again, then the end. */
export function replayedStream(stream: ByteStream, bytes: Buffer): ByteStream {
  return {
    duplex: new ReplayedDuplex(stream.duplex, bytes),
    reset: (cause) => stream.reset(cause),
    get endedCleanly() {
      return stream.endedCleanly;
    },
  };
}

class ReplayedDuplex extends Duplex {
  readonly #inner: Duplex;

  constructor(inner: Duplex, bytes: Buffer) {
    super({ allowHalfOpen: true });
    this.#inner = inner;
    inner.on('error', (error) => this.destroy(error));
    inner.on('close', () => {
      if (!this.writableFinished) this.destroy();
    });
    this.push(bytes);
    this.push(null);
  }

  override _read(): void {
    // Everything is there.
  }

  override _write(bytes: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#inner.write(bytes, done);
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#inner.end(() => done());
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#inner.destroy();
    done(error);
  }
}
