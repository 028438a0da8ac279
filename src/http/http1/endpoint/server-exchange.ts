import type { Duplex } from 'node:stream';
import type { HttpConfig } from '../../config.ts';
import { HttpError } from '../../errors.ts';
import type { HttpExchange } from '../../exchange.ts';
import { BodyStream } from '../../message/body-stream.ts';
import type { HeaderList } from '../../message/header-list.ts';
import {
  NO_BODY,
  type HttpBody,
  type HttpRequest,
  type HttpResponse,
  type UpgradedStream,
} from '../../message/http-message.ts';
import { BodyReader } from '../codec/body-reader.ts';
import { encodeResponseHead } from '../codec/encode-head.ts';
import { requestFault, stateError } from '../../message/fault.ts';
import type { InputBuffer } from '../codec/input-buffer.ts';
import type { RequestHead } from '../codec/request-head.ts';
import { planAnswer } from './answer-plan.ts';
import { OutgoingMessage } from './outgoing-message.ts';

/** What an exchange needs of its connection. */
export interface ExchangeHost {
  readonly duplex: Duplex;
  readonly config: HttpConfig;
  /** The connection may take another request after this one. */
  readonly mayKeepAlive: boolean;
  /** More of the request's body may be read now. */
  onWanted(): void;
  onBlocked(blocked: boolean): void;
  /** The answer is out. */
  onAnswered(keepAlive: boolean): void;
  /** Cuts the connection. */
  cut(error: HttpError): void;
  /** Hands the connection over. */
  handOver(): UpgradedStream;
}

/**
 * One request on an HTTP/1 connection. Its answer and its body go their own ways:
 *
 *     waiting ── respond ──▶ answering ── last byte ──▶ answered
 *        ├── upgrade ──▶ answered          any of them ── cut, or the client's end ──▶ over
 */
export class ServerExchange implements HttpExchange {
  readonly request: HttpRequest;
  readonly #head: RequestHead;
  readonly #host: ExchangeHost;
  readonly #reader: BodyReader;
  readonly #body: BodyStream | undefined;
  #state: 'waiting' | 'answering' | 'answered' | 'over' = 'waiting';
  #abort: AbortController | undefined;
  #gone: HttpError | undefined;
  #outgoing: OutgoingMessage | undefined;
  #reject: ((error: HttpError) => void) | undefined;
  /** The reader of the body has room. */
  #wanted = false;
  /** Somebody reads the body. */
  #readBegun = false;
  /** Nobody reads the body any more. */
  #dropped = false;
  /** The client broke off or broke the rules in the middle of the body. */
  #broken = false;
  #receivedBytes = 0;
  #drainedBytes = 0;
  #complete: boolean;
  /** The client waits for a 100 that nobody has sent. */
  #awaitsContinue: boolean;

  constructor(head: RequestHead, scheme: 'http' | 'https', authority: string, host: ExchangeHost) {
    this.#head = head;
    this.#host = host;
    this.#reader = new BodyReader(head.framing, host.config, requestFault);
    this.#awaitsContinue = head.expectContinue;
    this.#complete = head.framing.kind === 'none';
    if (head.framing.kind !== 'none')
      this.#body = new BodyStream({
        onWanted: () => this.#onWanted(),
        onDropped: () => this.#onDropped(),
      });
    const { version, method, target, headers, upgrade, expectContinue } = head;
    const body = bodyOf(head, this.#body);
    this.request = {
      version,
      method,
      scheme: head.scheme ?? scheme,
      authority,
      target,
      headers,
      body,
      upgrade,
      expectContinue,
    };
  }

  get signal(): AbortSignal {
    if (this.#abort === undefined) {
      this.#abort = new AbortController();
      if (this.#gone !== undefined) this.#abort.abort(this.#gone);
    }
    return this.#abort.signal;
  }

  get receivedBytes(): number {
    return this.#receivedBytes;
  }

  get sentBytes(): number {
    return this.#outgoing?.sentBytes ?? 0;
  }

  get answered(): boolean {
    return this.#state === 'answered';
  }

  /** The last byte of the request was taken. */
  get requestComplete(): boolean {
    return this.#complete;
  }

  /** There is somebody to take more of the body, or it is to be thrown away. */
  get wantsBody(): boolean {
    if (this.#broken) return false;
    return this.#dropped ? this.#drainedBytes <= this.#host.config.maxDrainedBytes : this.#wanted;
  }

  /** Too much was thrown away, or what follows cannot be read. */
  get beyondDraining(): boolean {
    return this.#broken || (this.#dropped && this.#drainedBytes > this.#host.config.maxDrainedBytes);
  }

  /** Takes the next piece of the body. False when there is none. Throws when the body is malformed. */
  step(input: InputBuffer): boolean {
    const bytes = this.#reader.next(input);
    if (bytes !== undefined) {
      this.#awaitsContinue = false;
      this.#receivedBytes += bytes.length;
      if (this.#dropped || this.#body === undefined) this.#drainedBytes += bytes.length;
      else if (!this.#body.receive(bytes)) this.#wanted = false;
    }
    if (!this.#reader.done) return bytes !== undefined;
    this.#complete = true;
    this.#body?.complete(this.#reader.trailers);
    return true;
  }

  /** The rest of the request will not come, or cannot be read; it may be answered all the same. */
  breakBody(error: HttpError): void {
    if (this.#broken) return;
    this.#broken = true;
    this.#body?.destroy(error);
  }

  /** The client is gone: there is nobody to answer. */
  end(error: HttpError): void {
    if (this.#state === 'over' || (this.#state === 'answered' && this.requestComplete)) return;
    const answered = this.#state === 'answered';
    this.#state = 'over';
    this.#broken = true;
    if (!this.requestComplete) this.#body?.destroy(error);
    this.#outgoing?.stop();
    if (answered) return;
    this.#gone = error;
    this.#reject?.(error);
    this.#abort?.abort(error);
  }

  informational(status: number, headers: HeaderList): void {
    if (this.#state !== 'waiting' || this.#head.version === '1.0' || status === 101) return;
    const text = encodeResponseHead(status, headers, '');
    if (status === 100) this.#awaitsContinue = false;
    this.#host.duplex.write(text, 'latin1');
  }

  respond(response: HttpResponse): Promise<void> {
    const { body } = response;
    try {
      this.#requireWaiting();
      const plan = planAnswer(this.#head, response, this.#host.mayKeepAlive && this.#mayDrain());
      this.#state = 'answering';
      if (!plan.sendsBody) body.stream?.destroy();
      return new Promise((resolve, reject) => {
        this.#reject = reject;
        this.#outgoing = new OutgoingMessage({
          duplex: this.#host.duplex,
          head: plan.head,
          body: plan.sendsBody ? body : NO_BODY,
          chunked: plan.chunked,
          onBlocked: (blocked) => this.#host.onBlocked(blocked),
          onDone: (error) => this.#onSent(error, plan.keepAlive, resolve),
        });
        this.#outgoing.start();
      });
    } catch (error) {
      body.stream?.destroy();
      return Promise.reject(error);
    }
  }

  upgrade(response: HttpResponse): UpgradedStream {
    this.#requireWaiting();
    const { upgrade } = this.#head;
    if (upgrade === undefined) throw stateError('the client asked for no other protocol');
    const framing = `connection: upgrade\r\nupgrade: ${upgrade}\r\n`;
    this.#host.duplex.write(encodeResponseHead(101, response.headers, framing), 'latin1');
    this.#state = 'answered';
    return this.#host.handOver();
  }

  abort(cause: Error): void {
    if (this.#state === 'over' || this.#state === 'answered') return;
    this.#host.cut(
      new HttpError({ code: 'ERR_HTTP_ABORTED', blame: 'local', message: 'the exchange was aborted', cause }),
    );
  }

  /** The answer is out and the connection stays: throws away what is left of the request. */
  drain(): void {
    this.#dropped = true;
    this.#body?.destroy();
  }

  #onSent(error: HttpError | undefined, keepAlive: boolean, resolve: () => void): void {
    if (error !== undefined) {
      // The head is out: only a cut tells the client that this is not the whole answer.
      this.#host.cut(error);
      return;
    }
    this.#state = 'answered';
    this.#reject = undefined;
    resolve();
    this.#host.onAnswered(keepAlive);
  }

  #onWanted(): void {
    this.#wanted = true;
    this.#readBegun = true;
    if (this.#awaitsContinue && this.#state === 'waiting') {
      this.#awaitsContinue = false;
      this.#host.duplex.write(CONTINUE, 'latin1');
    }
    this.#host.onWanted();
  }

  #onDropped(): void {
    this.#dropped = true;
    this.#host.onWanted();
  }

  /** Whether what is left of the request is little enough to be thrown away behind the answer. */
  #mayDrain(): boolean {
    if (this.#complete) return true;
    // A client that was never told to go on may send the body or leave it out: nobody could tell what follows.
    if (this.#awaitsContinue || this.beyondDraining) return false;
    if (this.#readBegun && !this.#dropped) return true;
    return (this.#reader.leftBytes ?? 0) <= this.#host.config.maxDrainedBytes;
  }

  #requireWaiting(): void {
    if (this.#gone !== undefined) throw this.#gone;
    if (this.#state !== 'waiting') throw stateError(`the exchange is ${this.#state}`);
  }
}

function bodyOf(head: RequestHead, stream: BodyStream | undefined): HttpBody {
  if (stream === undefined) return NO_BODY;
  const length = head.framing.kind === 'length' ? head.framing.bytes : undefined;
  return { stream, length, trailers: () => stream.trailers };
}

const CONTINUE = 'HTTP/1.1 100 Continue\r\n\r\n';
