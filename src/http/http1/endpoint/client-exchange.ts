import type { Duplex } from 'node:stream';
import type { Clock, Timer } from '../../../base/index.ts';
import type { HttpConfig } from '../../config.ts';
import type { HttpError } from '../../errors.ts';
import type { SendOptions } from '../../exchange.ts';
import { BodyStream } from '../../message/body-stream.ts';
import {
  type HttpBody,
  type HttpRequest,
  type HttpResponse,
  NO_BODY,
  type UpgradedStream,
} from '../../message/http-message.ts';
import { BodyReader } from '../codec/body-reader.ts';
import { abortedError, responseFault } from '../../message/fault.ts';
import type { InputBuffer } from '../codec/input-buffer.ts';
import type { ResponseHead } from '../codec/response-head.ts';
import { readResponseHead } from '../codec/response-reader.ts';
import { OutgoingMessage } from './outgoing-message.ts';
import type { RequestPlan } from './request-plan.ts';

/** What a request needs of its connection. */
export interface RequestHost {
  readonly duplex: Duplex;
  readonly config: HttpConfig;
  readonly clock: Clock;
  /** More of the answer may be read now. */
  onWanted(): void;
  /** The request is out. */
  onSent(): void;
  cut(error: HttpError): void;
  handOver(): UpgradedStream;
}

/** One request on its way out and its answer on its way in. The two are independent of one another. */
export class ClientExchange {
  readonly answer: Promise<HttpResponse>;
  readonly #request: HttpRequest;
  readonly #upgradeTo: string | undefined;
  readonly #options: SendOptions;
  readonly #host: RequestHost;
  readonly #outgoing: OutgoingMessage;
  #resolve: (response: HttpResponse) => void = unset;
  #reject: (error: HttpError) => void = unset;
  #continueTimer: Timer | undefined;
  #head: ResponseHead | undefined;
  #reader: BodyReader | undefined;
  #body: BodyStream | undefined;
  #wanted = false;
  #informational = 0;
  #over = false;

  constructor(request: HttpRequest, plan: RequestPlan, options: SendOptions, host: RequestHost) {
    this.#request = request;
    this.#upgradeTo = plan.upgrade;
    this.#options = options;
    this.#host = host;
    this.answer = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.#outgoing = new OutgoingMessage({
      duplex: host.duplex,
      head: plan.head,
      body: request.body,
      chunked: plan.chunked,
      held: request.expectContinue,
      onBlocked: () => undefined,
      onDone: (error) => {
        if (error === undefined) host.onSent();
        else host.cut(error);
      },
    });
  }

  start(): void {
    const { signal } = this.#options;
    signal?.addEventListener('abort', this.#onAbort, { once: true });
    if (this.#request.expectContinue)
      this.#continueTimer = this.#host.clock.after(this.#host.config.continueTimeoutMs, () =>
        this.#outgoing.release(),
      );
    this.#outgoing.start();
  }

  /** A byte of an answer has come. */
  get answered(): boolean {
    return this.#head !== undefined || this.#informational > 0;
  }

  get requestSent(): boolean {
    return this.#outgoing.ended;
  }

  /** The answer is complete, or the exchange was cut. */
  get over(): boolean {
    return this.#over;
  }

  /** After this answer the connection can take another request. */
  get keepAlive(): boolean {
    return this.#head?.keepAlive === true;
  }

  get wanted(): boolean {
    return this.#reader === undefined || this.#wanted;
  }

  /** Takes the next piece of the answer. False when there is none. Throws when the answer is malformed. */
  step(input: InputBuffer): boolean {
    if (this.#over) return false;
    const reader = this.#reader;
    if (reader === undefined) {
      const head = readResponseHead(input, this.#request.method, this.#host.config);
      if (head === undefined) return false;
      this.#onHead(head);
      return true;
    }
    if (!this.#wanted) return false;
    const bytes = reader.next(input);
    if (bytes !== undefined && this.#body?.receive(bytes) === false) this.#wanted = false;
    if (!reader.done) return bytes !== undefined;
    this.#complete();
    return true;
  }

  /** The server has ended its side. True when that is where the answer ends too. */
  inputEnded(input: InputBuffer): boolean {
    if (this.#over || this.#reader?.endsWithConnection !== true) return this.#over;
    if (input.length > 0) return false;
    this.#complete();
    return true;
  }

  /** The exchange is over before it is complete. */
  end(error: HttpError): void {
    if (this.#over) return;
    this.#settle();
    this.#outgoing.stop();
    if (this.#reader === undefined) this.#reject(error);
    else this.#body?.destroy(error);
  }

  #onHead(head: ResponseHead): void {
    if (head.status === 101) {
      this.#upgrade(head);
      return;
    }
    if (head.status < 200) {
      this.#informational += 1;
      if (this.#informational > this.#host.config.maxInformational)
        throw responseFault(`more than ${this.#host.config.maxInformational} interim answers`);
      if (head.status === 100) this.#outgoing.release();
      this.#options.onInformational?.(head.status, head.headers);
      return;
    }
    this.#head = head;
    this.#reader = new BodyReader(head.framing, this.#host.config, responseFault);
    if (head.framing.kind !== 'none')
      this.#body = new BodyStream({
        onWanted: () => {
          this.#wanted = true;
          this.#host.onWanted();
        },
        onDropped: () => this.#onDropped(),
      });
    this.#resolve({ status: head.status, headers: head.headers, body: this.#bodyOf(head) });
    if (this.#body === undefined) this.#complete();
  }

  #bodyOf(head: ResponseHead): HttpBody {
    const stream = this.#body;
    if (stream !== undefined) return { stream, length: head.announcedBytes, trailers: () => stream.trailers };
    // RFC 9110 §8.6: here Content-Length is about what a GET would have brought.
    const aboutAnother = this.#request.method === 'HEAD' || head.status === 304;
    return aboutAnother ? { ...NO_BODY, length: head.announcedBytes } : NO_BODY;
  }

  #upgrade(head: ResponseHead): void {
    if (this.#upgradeTo === undefined || head.upgrade !== this.#upgradeTo)
      throw responseFault(`a change to ${head.upgrade} that was not asked for`);
    this.#settle();
    this.#resolve({
      status: 101,
      headers: head.headers,
      body: NO_BODY,
      tunnel: this.#host.handOver(),
    });
  }

  #complete(): void {
    this.#settle();
    this.#body?.complete(this.#reader?.trailers);
    // Whatever of the request is not out by now was not needed for the answer.
    if (!this.#outgoing.ended) this.#outgoing.stop();
  }

  /** Somebody has no use for the rest of the answer: the connection has none either. */
  #onDropped(): void {
    if (this.#over) return;
    this.#host.cut(abortedError('the answer was given up before its end'));
  }

  readonly #onAbort = (): void => {
    this.#host.cut(abortedError('the request was given up', this.#options.signal?.reason));
  };

  #settle(): void {
    this.#over = true;
    this.#continueTimer?.cancel();
    this.#options.signal?.removeEventListener('abort', this.#onAbort);
  }
}

function unset(): void {
  // Replaced in the constructor.
}
