import type { Clock, Timer } from '../../../base/index.ts';
import type { HttpConfig } from '../../config.ts';
import { HttpError } from '../../errors.ts';
import type { SendOptions } from '../../exchange.ts';
import { hasNoBody } from '../../message/body-rules.ts';
import { abortedError, responseFault } from '../../message/fault.ts';
import { type HttpRequest, type HttpResponse, NO_BODY } from '../../message/http-message.ts';
import type { Http2Connection } from '../connection/http2-connection.ts';
import type { Http2Stream, StreamSink } from '../connection/http2-stream.ts';
import { readTrailers } from '../fields/read-fields.ts';
import { readResponse } from '../fields/response-fields.ts';
import { ErrorCode } from '../frame/index.ts';
import type { HeaderField } from '../hpack/index.ts';
import { IncomingBody } from './incoming-body.ts';
import { OutgoingBody } from './outgoing-body.ts';

/** One request of ours on an HTTP/2 connection, and its answer. */
export class Http2ClientExchange implements StreamSink {
  readonly answer: Promise<HttpResponse>;
  readonly #connection: Http2Connection;
  readonly #config: HttpConfig;
  readonly #request: HttpRequest;
  readonly #options: SendOptions;
  readonly #stream: Http2Stream;
  readonly #outgoing: OutgoingBody | undefined;
  #resolve: (response: HttpResponse) => void = unset;
  #reject: (error: HttpError) => void = unset;
  #continueTimer: Timer | undefined;
  #incoming: IncomingBody | undefined;
  #answered = false;
  #informational = 0;
  #over = false;

  constructor(
    request: HttpRequest,
    fields: readonly HeaderField[],
    options: SendOptions,
    context: { readonly connection: Http2Connection; readonly config: HttpConfig; readonly clock: Clock },
  ) {
    const { connection, config, clock } = context;
    this.#connection = connection;
    this.#config = config;
    this.#request = request;
    this.#options = options;
    this.answer = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    const { body } = request;
    const source = body.stream;
    this.#stream = connection.request(fields, this, source === undefined);
    options.signal?.addEventListener('abort', this.#onAbort, { once: true });
    if (source === undefined) return;
    this.#outgoing = new OutgoingBody({
      connection,
      stream: this.#stream,
      body,
      source,
      onDone: (error) => {
        if (error !== undefined) this.#cut(error, ErrorCode.CANCEL);
      },
    });
    if (request.expectContinue)
      this.#continueTimer = clock.after(config.continueTimeoutMs, () => this.#release());
    else this.#outgoing.start();
  }

  onInformational(fields: readonly HeaderField[]): void {
    this.#informational += 1;
    if (this.#informational > this.#config.maxInformational) {
      this.#refuse(responseFault(`more than ${this.#config.maxInformational} interim answers`));
      return;
    }
    try {
      const { status, headers } = readResponse(fields, this.#config);
      if (status === 100) this.#release();
      this.#options.onInformational?.(status, headers);
    } catch (error) {
      if (!(error instanceof HttpError)) throw error;
      this.#refuse(error);
    }
  }

  onResponse(fields: readonly HeaderField[], endStream: boolean): void {
    try {
      const { status, headers, contentLength } = readResponse(fields, this.#config);
      const empty = hasNoBody(this.#request.method, status);
      if (endStream && !empty && (contentLength ?? 0) > 0)
        throw responseFault(`content-length ${contentLength} and no body`);
      this.#answered = true;
      if (!endStream)
        this.#incoming = new IncomingBody({
          connection: this.#connection,
          stream: this.#stream,
          // RFC 9113 §8.1.1: where a body must be empty, Content-Length is about another.
          contentLength: empty ? 0 : contentLength,
          onDropped: () => this.#onDropped(),
        });
      const length = this.#request.method === 'HEAD' || status === 304 ? contentLength : 0;
      const body = empty || this.#incoming === undefined ? { ...NO_BODY, length } : this.#incoming.body;
      this.#resolve({ status, headers, body });
      if (empty) this.#incoming?.body.stream?.resume();
    } catch (error) {
      if (!(error instanceof HttpError)) throw error;
      this.#refuse(error);
    }
  }

  onData(bytes: Buffer): number {
    const incoming = this.#incoming;
    if (incoming === undefined) return 0;
    const fault = incoming.faultOfData(bytes);
    if (fault === undefined) return incoming.receive(bytes);
    this.#refuse(responseFault(fault));
    return 0;
  }

  onTrailers(fields: readonly HeaderField[]): void {
    this.#incoming?.receiveTrailers(readTrailers(fields));
  }

  onEnd(): void {
    const fault = this.#incoming?.faultOfEnd();
    if (fault !== undefined) {
      this.#refuse(responseFault(fault));
      return;
    }
    this.#settle();
    this.#incoming?.end();
    // Whatever of the request is not out by now was not needed for the answer.
    if (this.#outgoing === undefined || this.#outgoing.ended) return;
    this.#outgoing.stop();
    this.#connection.reset(this.#stream, ErrorCode.NO_ERROR);
  }

  onCut(error: HttpError): void {
    this.#end(error);
  }

  onUnwanted(): void {
    // The answer is complete; what is left of the request may stay here.
    this.#outgoing?.stop();
  }

  #release(): void {
    this.#continueTimer?.cancel();
    if (this.#continueTimer === undefined) return;
    this.#continueTimer = undefined;
    this.#outgoing?.start();
  }

  #onDropped(): void {
    this.#cut(abortedError('the answer was given up before its end'), ErrorCode.CANCEL);
  }

  readonly #onAbort = (): void => {
    this.#cut(abortedError('the request was given up', this.#options.signal?.reason), ErrorCode.CANCEL);
  };

  /** The answer is malformed (RFC 9113 §8.1.1). */
  #refuse(error: HttpError): void {
    this.#cut(error, ErrorCode.PROTOCOL_ERROR);
  }

  #cut(error: HttpError, errorCode: number): void {
    if (this.#over) return;
    this.#connection.reset(this.#stream, errorCode);
    this.#end(error);
  }

  #end(error: HttpError): void {
    if (this.#over) return;
    this.#settle();
    this.#outgoing?.stop();
    if (this.#answered) this.#incoming?.cut(error);
    else this.#reject(error);
  }

  #settle(): void {
    this.#over = true;
    this.#continueTimer?.cancel();
    this.#continueTimer = undefined;
    this.#options.signal?.removeEventListener('abort', this.#onAbort);
  }
}

function unset(): void {
  // Replaced in the constructor.
}
