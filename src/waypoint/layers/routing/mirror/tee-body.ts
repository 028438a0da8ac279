import { Readable } from 'node:stream';
import type { HttpBody } from '../../../../http/index.ts';

/** A body and copies of it. */
export interface TeedBody {
  readonly body: HttpBody;
  readonly copies: readonly HttpBody[];
  /** No more of the body will be read: copies that have not got all of it are cut. */
  close(): void;
}

/**
 * The reader of `body` alone says how fast it comes. A copy that is read too slowly to keep up within `maximumBytes` is
 * destroyed; the body goes on.
 */
export function teeBody(source: HttpBody, count: number, maximumBytes: number): TeedBody {
  const { stream, length } = source;
  if (stream === undefined) {
    return { body: source, copies: Array.from({ length: count }, () => source), close: () => undefined };
  }
  const copies = Array.from({ length: count }, () => new CopyStream(maximumBytes));
  const trailers = source.trailers.bind(source);
  return {
    body: { stream: new TeedStream(stream, copies), length, trailers },
    copies: copies.map((copy) => ({ stream: copy, length, trailers })),
    close() {
      for (const copy of copies) copy.cut();
    },
  };
}

class TeedStream extends Readable {
  readonly #source: Readable;
  readonly #copies: readonly CopyStream[];
  #following = false;
  #wants = false;

  constructor(source: Readable, copies: readonly CopyStream[]) {
    super();
    this.#source = source;
    this.#copies = copies;
  }

  override _read(): void {
    this.#wants = true;
    this.#follow();
    this.#move();
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    if (!this.readableEnded) {
      this.#source.destroy(error ?? undefined);
      for (const copy of this.#copies) copy.cut();
    }
    callback(error);
  }

  #move(): void {
    while (this.#wants) {
      const chunk: Buffer | null = this.#source.read();
      if (chunk === null) break;
      for (const copy of this.#copies) copy.receive(chunk);
      this.#wants = this.push(chunk);
    }
    if (this.#source.readableEnded && !this.readableEnded) {
      for (const copy of this.#copies) copy.receive(null);
      this.push(null);
    }
  }

  /** Only from the first read on, for that is what lets the client send. */
  #follow(): void {
    if (this.#following) return;
    this.#following = true;
    const move = (): void => this.#move();
    this.#source.on('readable', move).on('end', move);
    this.#source.on('error', (error) => this.destroy(error));
    this.#source.on('close', () => {
      if (!this.#source.readableEnded) this.destroy();
    });
  }
}

class CopyStream extends Readable {
  readonly #maximumBytes: number;
  #isComplete = false;

  constructor(maximumBytes: number) {
    super();
    this.#maximumBytes = maximumBytes;
  }

  override _read(): void {
    // What there is comes by itself.
  }

  /** Null is the end. */
  receive(chunk: Buffer | null): void {
    if (this.destroyed) return;
    if (chunk === null) this.#isComplete = true;
    if (chunk !== null && this.readableLength + chunk.length > this.#maximumBytes) this.destroy();
    else this.push(chunk);
  }

  cut(): void {
    if (!this.#isComplete) this.destroy();
  }
}
