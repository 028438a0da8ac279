import type { HttpError } from '../../errors.ts';
import { BodyStream } from '../../message/body-stream.ts';
import type { HeaderList } from '../../message/header-list.ts';
import type { HttpBody } from '../../message/http-message.ts';
import type { Http2Connection } from '../connection/http2-connection.ts';
import type { Http2Stream } from '../connection/http2-stream.ts';

/** The stream whose bytes the body is, and who hears what its reader does. */
export interface IncomingOptions {
  readonly connection: Http2Connection;
  readonly stream: Http2Stream;
  /** As announced; a body of another length is malformed (RFC 9113 §8.1.1). */
  readonly contentLength: number | undefined;
  /** Somebody reads for the first time. */
  onWanted?(): void;
  /** The reader gave the body up before its end. */
  onDropped(): void;
}

/** The body of a message on a stream: unread bytes hold the stream's window. */
export class IncomingBody {
  readonly body: HttpBody;
  readonly #options: IncomingOptions;
  readonly #stream: BodyStream;
  #receivedBytes = 0;
  #trailers: HeaderList | undefined;
  #ended = false;

  constructor(options: IncomingOptions) {
    this.#options = options;
    const { connection, stream, contentLength } = options;
    this.#stream = new BodyStream({
      onWanted: () => options.onWanted?.(),
      onTaken: (unreadBytes) => {
        if (stream.unreadBytes > 0) connection.read(stream, unreadBytes);
      },
      onDropped: () => {
        if (stream.unreadBytes > 0) connection.read(stream, 0);
        if (!this.#ended) options.onDropped();
      },
    });
    const bodyStream = this.#stream;
    this.body = { stream: bodyStream, length: contentLength, trailers: () => bodyStream.trailers };
  }

  get receivedBytes(): number {
    return this.#receivedBytes;
  }

  /** Why this piece makes the message malformed, or undefined. */
  faultOfData(bytes: Buffer): string | undefined {
    this.#receivedBytes += bytes.length;
    const { contentLength } = this.#options;
    if (contentLength === undefined || this.#receivedBytes <= contentLength) return undefined;
    return `more than the announced ${contentLength} bytes`;
  }

  /** Why ending here makes it malformed, or undefined. */
  faultOfEnd(): string | undefined {
    const { contentLength } = this.#options;
    if (contentLength === undefined || this.#receivedBytes === contentLength) return undefined;
    return `${this.#receivedBytes} bytes instead of the announced ${contentLength}`;
  }

  /** Returns how many bytes are unread now. */
  receive(bytes: Buffer): number {
    if (this.#stream.destroyed) return 0;
    this.#stream.receive(bytes);
    return this.#stream.readableLength;
  }

  receiveTrailers(trailers: HeaderList | undefined): void {
    this.#trailers = trailers;
  }

  end(): void {
    this.#ended = true;
    this.#stream.complete(this.#trailers);
  }

  /** Nobody is to read what is left: what lies here is no longer counted. */
  release(): void {
    this.#ended = true;
    if (!this.#stream.readableEnded) this.#stream.destroy();
  }

  /** The rest will not come. */
  cut(error: HttpError): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#stream.destroy(error);
  }
}
