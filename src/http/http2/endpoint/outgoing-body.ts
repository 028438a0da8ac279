import type { Readable } from 'node:stream';
import { HttpError } from '../../errors.ts';
import { BodyPump } from '../../message/body-pump.ts';
import type { HeaderList } from '../../message/header-list.ts';
import type { HttpBody } from '../../message/http-message.ts';
import type { Http2Connection } from '../connection/http2-connection.ts';
import type { Http2Stream } from '../connection/http2-stream.ts';
import { trailerFields } from '../fields/write-fields.ts';
import type { HeaderField } from '../hpack/index.ts';

/** One body for one stream. `onDone` is called once; the stream is ended then, or cut. */
export interface OutgoingOptions {
  readonly connection: Http2Connection;
  readonly stream: Http2Stream;
  readonly body: HttpBody;
  readonly source: Readable;
  /** The peer took some of it. */
  onMoved?(): void;
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
      onEnd: (trailers) => this.#end(trailers),
      onCutWith: (trailers) => {
        options.connection.discard(options.stream);
        this.#end(trailers);
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
    this.#options.onMoved?.();
    if (!this.#over && this.#options.stream.pendingBytes < HIGH_WATER_MARK_BYTES) this.#pump.resume();
  };

  #end(trailers: HeaderList | undefined): void {
    const { connection, stream } = this.#options;
    let fields: HeaderField[] | undefined;
    try {
      fields = trailerFields(trailers);
    } catch (error) {
      if (!(error instanceof HttpError)) throw error;
      this.#finish(error);
      return;
    }
    this.#ended = true;
    // A stream that is reset meanwhile settles this too; who reset it knows.
    const onSettled = (): void => {
      if (stream.localEnded) this.#finish(undefined);
    };
    connection.end(stream, onSettled, fields);
  }

  #finish(error: HttpError | undefined): void {
    if (this.#over) return;
    this.#over = true;
    this.#options.onDone(error);
  }
}

/** Of a source that runs ahead; more only costs memory. */
const HIGH_WATER_MARK_BYTES = 64 * 1024;
