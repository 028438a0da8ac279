import { Readable } from 'node:stream';
import type { HeaderList } from './header-list.ts';

/** Where a body's bytes come from. */
export interface BodySource {
  /** The reader has room. Called when it is first asked for bytes, and whenever it has room again. */
  onWanted(): void;
  /** The reader took bytes: `unreadBytes` are left. */
  onTaken?(unreadBytes: number): void;
  /** The reader gave the body up before its end, or it was cut. */
  onDropped(): void;
}

/** The body of a message as it comes in. */
export class BodyStream extends Readable {
  readonly #source: BodySource;
  #trailers: HeaderList | undefined;
  #complete = false;

  constructor(source: BodySource) {
    super({ highWaterMark: HIGH_WATER_MARK_BYTES });
    this.#source = source;
    // A cut in the moment before somebody listens must not end the process; listeners get it all the same.
    this.on('error', ignore);
  }

  /** The fields behind the body, once it has ended. */
  get trailers(): HeaderList | undefined {
    return this.readableEnded ? this.#trailers : undefined;
  }

  /** False when the reader has enough for now. */
  receive(bytes: Buffer): boolean {
    return this.destroyed || this.push(bytes);
  }

  /** Every byte is there. */
  complete(trailers: HeaderList | undefined): void {
    if (this.destroyed || this.#complete) return;
    this.#complete = true;
    this.#trailers = trailers;
    this.push(null);
  }

  override read(size?: number): Buffer | null {
    const bytes: Buffer | null = super.read(size);
    if (bytes !== null) this.#source.onTaken?.(this.readableLength);
    return bytes;
  }

  override _read(): void {
    this.#source.onWanted();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    if (!this.#complete || this.readableLength > 0) this.#source.onDropped();
    done(error);
  }
}

function ignore(): void {
  // See the constructor.
}

/** What lies here for a reader that pauses; more only costs memory. */
const HIGH_WATER_MARK_BYTES = 64 * 1024;
