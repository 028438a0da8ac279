import type { HttpConfig } from '../../config.ts';
import { HttpError } from '../../errors.ts';
import type { HttpExchange } from '../../exchange.ts';
import { hasNoBody } from '../../message/body-rules.ts';
import { requestFault, stateError } from '../../message/fault.ts';
import type { HeaderList } from '../../message/header-list.ts';
import {
  NO_BODY,
  type HttpRequest,
  type HttpResponse,
  type UpgradedStream,
} from '../../message/http-message.ts';
import type { Http2Connection } from '../connection/http2-connection.ts';
import type { Http2Stream, StreamSink } from '../connection/http2-stream.ts';
import { readTrailers } from '../fields/read-fields.ts';
import type { ReadRequest } from '../fields/request-fields.ts';
import { informationalFields, responseFields } from '../fields/response-fields.ts';
import { ErrorCode } from '../frame/index.ts';
import type { HeaderField } from '../hpack/index.ts';
import type { Stallable } from './stall-watch.ts';
import { IncomingBody } from './incoming-body.ts';
import { OutgoingBody } from './outgoing-body.ts';

/** What an exchange needs of its connection; `onOver` is called once. */
export interface ExchangeContext {
  /** Milliseconds that never jump. */
  now(): number;
  readonly connection: Http2Connection;
  readonly stream: Http2Stream;
  readonly config: HttpConfig;
  onRefused(error: HttpError): void;
  /** Answered, or never to be. */
  onOver(exchange: Http2ServerExchange): void;
}

/**
 * One request on an HTTP/2 connection:
 *
 *     waiting ── respond ──▶ answering ── END_STREAM ──▶ answered      any of them ── reset ──▶ over
 */
export class Http2ServerExchange implements HttpExchange, StreamSink, Stallable {
  readonly request: HttpRequest;
  readonly #context: ExchangeContext;
  readonly #incoming: IncomingBody | undefined;
  #outgoing: OutgoingBody | undefined;
  #state: 'waiting' | 'answering' | 'answered' | 'over' = 'waiting';
  #abort: AbortController | undefined;
  #gone: HttpError | undefined;
  #reject: ((error: HttpError) => void) | undefined;
  #awaitsContinue: boolean;
  /** When the client last gave or took a byte. */
  #movedMs: number;

  constructor(head: ReadRequest, context: ExchangeContext) {
    this.#context = context;
    this.#movedMs = context.now();
    const { connection, stream } = context;
    const hasBody = !stream.remoteEnded;
    const { method, scheme, authority, target, headers, contentLength } = head;
    const expectContinue = head.expectContinue && hasBody;
    this.#awaitsContinue = expectContinue;
    if (hasBody)
      this.#incoming = new IncomingBody({
        connection,
        stream,
        contentLength,
        onWanted: () => this.#onWanted(),
        onDropped: () => this.#closeWindow(),
      });
    const body = this.#incoming?.body ?? NO_BODY;
    this.request = {
      version: '2',
      method,
      scheme,
      authority,
      target,
      headers,
      body,
      upgrade: undefined,
      expectContinue,
    };
  }

  get receivedBytes(): number {
    return this.#incoming?.receivedBytes ?? 0;
  }

  get sentBytes(): number {
    return this.#outgoing?.sentBytes ?? 0;
  }

  get signal(): AbortSignal {
    if (this.#abort === undefined) {
      this.#abort = new AbortController();
      if (this.#gone !== undefined) this.#abort.abort(this.#gone);
    }
    return this.#abort.signal;
  }

  get waitingSinceMs(): number | undefined {
    const { stream } = this.#context;
    // A body without a length may be one half of a conversation, which may pause as long as it likes.
    const owesBody =
      !stream.remoteEnded && this.request.body.length !== undefined && stream.unreadBytes === 0;
    const owesWindow = stream.pendingBytes > 0;
    return owesBody || owesWindow ? this.#movedMs : undefined;
  }

  onStalled(): void {
    const error = requestFault(
      `the client neither took nor gave a byte for ${this.#context.config.bodyIdleTimeoutMs} ms`,
      'ERR_HTTP_TIMEOUT',
      408,
    );
    this.#context.onRefused(error);
    this.#cut(error, ErrorCode.CANCEL);
  }

  informational(status: number, headers: HeaderList): void {
    if (this.#state !== 'waiting' || status === 101) return;
    const fields = informationalFields(status, headers);
    if (status === 100) this.#awaitsContinue = false;
    this.#context.connection.informational(this.#context.stream, fields);
  }

  respond(response: HttpResponse): Promise<void> {
    const { body } = response;
    try {
      this.#requireWaiting();
      const { method } = this.request;
      const fields = responseFields(response, method);
      const source = hasNoBody(method, response.status) ? undefined : body.stream;
      this.#state = 'answering';
      if (source === undefined) {
        body.stream?.destroy();
        this.#context.connection.respond(this.#context.stream, fields, true);
        this.#answered();
        return Promise.resolve();
      }
      return new Promise((resolve, reject) => {
        this.#reject = reject;
        const { connection, stream } = this.#context;
        connection.respond(stream, fields, false);
        this.#outgoing = new OutgoingBody({
          connection,
          stream,
          body,
          source,
          onMoved: () => {
            this.#movedMs = this.#context.now();
          },
          onDone: (error) => {
            if (error === undefined) {
              this.#answered();
              resolve();
            } else {
              this.#cut(error);
            }
          },
        });
        this.#outgoing.start();
      });
    } catch (error) {
      body.stream?.destroy();
      return Promise.reject(error);
    }
  }

  upgrade(): UpgradedStream {
    throw stateError('HTTP/2 changes to no other protocol');
  }

  abort(cause: Error): void {
    if (this.#state === 'over' || this.#state === 'answered') return;
    this.#cut(
      new HttpError({ code: 'ERR_HTTP_ABORTED', blame: 'local', message: 'the exchange was aborted', cause }),
    );
  }

  onResponse(): void {
    // Only clients get answers.
  }

  onData(bytes: Buffer): number {
    const incoming = this.#incoming;
    if (incoming === undefined) return 0;
    this.#awaitsContinue = false;
    this.#movedMs = this.#context.now();
    const fault = incoming.faultOfData(bytes);
    if (fault === undefined) return incoming.receive(bytes);
    this.#refuse(fault);
    return 0;
  }

  onTrailers(fields: readonly HeaderField[]): void {
    this.#incoming?.receiveTrailers(readTrailers(fields));
  }

  onEnd(): void {
    const fault = this.#incoming?.faultOfEnd();
    if (fault === undefined) this.#incoming?.end();
    else this.#refuse(fault);
  }

  onCut(error: HttpError): void {
    this.#end(error);
  }

  onUnwanted(): void {
    this.#end(
      new HttpError({ code: 'ERR_HTTP_CUT', blame: 'downstream', message: 'the client gave the answer up' }),
    );
  }

  /** The answer is out: of the request nothing more is wanted (RFC 9113 §8.1). */
  #answered(): void {
    const { connection, stream } = this.#context;
    this.#state = 'answered';
    this.#context.onOver(this);
    if (!stream.remoteEnded) connection.reset(stream, ErrorCode.NO_ERROR);
    this.#incoming?.release();
  }

  /** The request turned out malformed (RFC 9113 §8.1.1). */
  #refuse(fault: string): void {
    const error = requestFault(fault);
    this.#context.onRefused(error);
    this.#cut(error, ErrorCode.PROTOCOL_ERROR);
  }

  #cut(error: HttpError, errorCode: number = ErrorCode.INTERNAL_ERROR): void {
    const { connection, stream } = this.#context;
    connection.reset(stream, errorCode);
    this.#end(error);
  }

  /** There is nobody to answer any more. */
  #end(error: HttpError): void {
    if (this.#state === 'over' || this.#state === 'answered') return;
    this.#state = 'over';
    this.#context.onOver(this);
    this.#gone = error;
    this.#incoming?.cut(error);
    this.#incoming?.release();
    this.#outgoing?.stop();
    this.#reject?.(error);
    this.#abort?.abort(error);
  }

  #onWanted(): void {
    if (!this.#awaitsContinue) return;
    this.#awaitsContinue = false;
    this.#context.connection.informational(this.#context.stream, CONTINUE);
  }

  /** Nobody reads: what the client may still send is what it was allowed already. */
  #closeWindow(): void {
    this.#context.stream.targetWindow = 0;
  }

  #requireWaiting(): void {
    if (this.#gone !== undefined) throw this.#gone;
    if (this.#state !== 'waiting') throw stateError(`the exchange is ${this.#state}`);
  }
}

const CONTINUE: readonly HeaderField[] = [[':status', '100']];
