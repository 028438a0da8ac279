import type { Readable } from 'node:stream';
import type { HttpError } from '../../errors.ts';
import { BodyPump } from '../../message/body-pump.ts';
import type { HttpBody } from '../../message/http-message.ts';
import type { Http2Connection } from '../connection/http2-connection.ts';
import type { Http2Stream } from '../connection/http2-stream.ts';
import { trailerFields } from '../fields/write-fields.ts';

export interface OutgoingOptions {
  readonly connection: Http2Connection;
  readonly stream: Http2Stream;
  readonly body: HttpBody;
  readonly source: Readable;
  /** Every byte is handed on; or the body was cut, and what was sent of it is no whole message. */
  onDone(error: HttpError | undefined): void;
}

/** The body of a message on its way into a stream, no faster than the peer's windows let it go. */
export class OutgoingBody {
  readonly #options: OutgoingOptions;
  readonly #pump: BodyPump;
  #sentBytes = 0;
  #ended = false;
  #over = false;

  constructor(options: OutgoingOptions) {
    this.#options = options;
    this.#pump = new BodyPump(options.body, options.source, {
      onData: (bytes) => this.#write(bytes),
      onEnd: (trailers) => {
        this.#ended = true;
        try {
          const fields = trailerFields(trailers);
          options.connection.end(
            options.stream,
            (error) => {
              if (error === undefined) this.#finish(undefined);
            },
            fields,
          );
        } catch (error) {
          this.#finish(error as HttpError);
        }
      },
      onCut: (error) => this.#finish(error),
    });
  }

  get sentBytes(): number {
    return this.#sentBytes;
  }

  /** Everything is given to the connection. */
  get ended(): boolean {
    return this.#ended;
  }

  start(): void {
    if (!this.#over) this.#pump.start();
  }

  /** The stream is gone, or nobody wants the rest. Nothing is told. */
  stop(): void {
    if (this.#over) return;
    this.#over = true;
    this.#pump.stop();
  }

  #write(bytes: Buffer): boolean {
    const { connection, stream } = this.#options;
    this.#sentBytes += bytes.length;
    connection.write(stream, [{ bytes, done: this.#onFramed }]);
    return stream.pendingBytes < HIGH_WATER_MARK_BYTES;
  }

  readonly #onFramed = (): void => {
    if (!this.#over && this.#options.stream.pendingBytes < HIGH_WATER_MARK_BYTES) this.#pump.resume();
  };

  #finish(error: HttpError | undefined): void {
    if (this.#over) return;
    this.#over = true;
    this.#options.onDone(error);
  }
}

/** Of a source that runs ahead; more only costs memory. */
const HIGH_WATER_MARK_BYTES = 64 * 1024;
