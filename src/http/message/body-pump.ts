import type { Readable } from 'node:stream';
import { MeshError } from '../../base/index.ts';
import { HttpError } from '../errors.ts';
import type { HeaderList } from './header-list.ts';
import type { HttpBody } from './http-message.ts';

/** Where a body's bytes go. */
export interface BodySink {
  /** False: no more until `resume` is called. */
  onData(bytes: Buffer): boolean;
  /** The body is complete, and as long as it was said to be. */
  onEnd(trailers: HeaderList | undefined): void;
  /** It is cut, and these fields would say so: at once, in place of what still waits to be taken. */
  onCutWith(trailers: HeaderList, error: HttpError): void;
  /** It will never be. */
  onCut(error: HttpError): void;
}

/** Moves a body from its stream to where it goes, no faster than that takes it, and no byte more or less than announced. */
export class BodyPump {
  readonly #body: HttpBody;
  readonly #stream: Readable;
  readonly #sink: BodySink;
  /** Undefined: the length was not announced. */
  #leftBytes: number | undefined;
  #over = false;

  constructor(body: HttpBody, stream: Readable, sink: BodySink) {
    this.#body = body;
    this.#stream = stream;
    this.#sink = sink;
    this.#leftBytes = body.length;
  }

  start(): void {
    const stream = this.#stream;
    stream.on('error', this.#onError);
    stream.on('close', this.#onClose);
    stream.on('end', this.#onEnd);
    stream.on('data', this.#onData);
    if (stream.readableEnded) this.#onEnd();
    else if (stream.errored) this.#onError(stream.errored);
    else if (stream.destroyed) this.#onClose();
    else stream.resume();
  }

  resume(): void {
    if (!this.#over) this.#stream.resume();
  }

  /** Nobody wants the rest. */
  stop(): void {
    if (this.#over) return;
    this.#finish();
    this.#stream.destroy();
  }

  readonly #onData = (chunk: Buffer | string): void => {
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
    if (this.#leftBytes !== undefined) {
      this.#leftBytes -= bytes.length;
      if (this.#leftBytes < 0) {
        this.#cut(lengthError(`${this.#body.length} bytes were announced, and more came`));
        return;
      }
    }
    if (bytes.length > 0 && !this.#sink.onData(bytes)) this.#stream.pause();
  };

  readonly #onEnd = (): void => {
    if (this.#over) return;
    if (this.#leftBytes !== undefined && this.#leftBytes > 0) {
      this.#cut(lengthError(`${this.#body.length} bytes were announced, ${this.#leftBytes} did not come`));
      return;
    }
    this.#finish();
    this.#sink.onEnd(this.#body.trailers());
  };

  readonly #onError = (error: Error): void => {
    if (this.#over) return;
    const cut = new HttpError({
      code: 'ERR_HTTP_CUT',
      blame: error instanceof MeshError ? error.blame : 'local',
      message: `the body was cut: ${error.message}`,
      cause: error,
    });
    // A length that was announced is a promise of its own.
    const trailers = this.#leftBytes === undefined ? this.#body.trailersOfCut?.(error) : undefined;
    if (trailers === undefined) {
      this.#cut(cut);
      return;
    }
    this.#finish();
    this.#sink.onCutWith(trailers, cut);
  };

  readonly #onClose = (): void => {
    this.#cut(new HttpError({ code: 'ERR_HTTP_CUT', blame: 'local', message: 'the body was given up' }));
  };

  #cut(error: HttpError): void {
    if (this.#over) return;
    this.#finish();
    this.#stream.destroy();
    this.#sink.onCut(error);
  }

  #finish(): void {
    this.#over = true;
    const stream = this.#stream;
    stream.off('data', this.#onData);
    stream.off('end', this.#onEnd);
    stream.off('close', this.#onClose);
    // 'error' stays: a late one must not end the process.
  }
}

function lengthError(message: string): HttpError {
  return new HttpError({ code: 'ERR_HTTP_BODY_LENGTH', blame: 'local', message });
}
