import type { Duplex } from 'node:stream';
import { type ByteStream, type Clock, createSignal, systemClock } from '../../../base/index.ts';
import { DEFAULT_HTTP_CONFIG, type HttpConfig } from '../../config.ts';
import { Deadline } from '../../deadline.ts';
import type { ConnectOptions } from '../../endpoint-options.ts';
import { HttpError, type HttpErrorCode } from '../../errors.ts';
import type { HttpClientConnection, SendOptions } from '../../exchange.ts';
import type { HttpRequest, HttpResponse, UpgradedStream } from '../../message/http-message.ts';
import { abortedError, destroyedError, responseFault } from '../../message/fault.ts';
import { InputBuffer } from '../codec/input-buffer.ts';
import { ClientExchange, type RequestHost } from './client-exchange.ts';
import { planRequest } from './request-plan.ts';

/** Speaks HTTP/1.1 as the client on a stream. Owns the stream from here on. */
export function connectHttp1(stream: ByteStream, options: ConnectOptions = {}): HttpClientConnection {
  const connection = new Http1ClientConnection(stream, options);
  connection.start();
  return connection;
}

/**
 * One connection, one request at a time:
 *
 *     open ◀── send, answer ──▶ open ── `close`, no keep-alive, the server's end ──▶ draining ── last answer ──▶ closed
 *                                         any ── cut ──▶ closed
 */
class Http1ClientConnection implements HttpClientConnection, RequestHost {
  readonly version = '1.1';
  readonly capacity = 1;
  readonly changes = createSignal<void>();
  readonly closed: Promise<void>;
  readonly duplex: Duplex;
  readonly config: HttpConfig;
  readonly clock: Clock;
  readonly #stream: ByteStream;
  readonly #input = new InputBuffer();
  readonly #lingering: Deadline;
  readonly #resolveClosed: () => void;
  #state: 'open' | 'draining' | 'closed' = 'open';
  #exchange: ClientExchange | undefined;
  #failure: Error | undefined;
  /** Requests answered before; the server may have grown tired of the connection. */
  #answers = 0;
  #inputEnded = false;
  #handedOver = false;
  #advancing = false;
  #paused = false;

  constructor(stream: ByteStream, options: ConnectOptions) {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.closed = promise;
    this.#resolveClosed = resolve;
    this.#stream = stream;
    this.duplex = stream.duplex;
    this.config = options.config ?? DEFAULT_HTTP_CONFIG;
    this.clock = options.clock ?? systemClock;
    this.#lingering = new Deadline(this.clock, () => this.duplex.destroy());
  }

  start(): void {
    const { duplex } = this;
    duplex.on('error', this.#onError);
    duplex.on('close', this.#onClose);
    if (duplex.destroyed) {
      this.#onClose();
      return;
    }
    duplex.on('data', this.#onData);
    if (duplex.readableEnded) this.#onEnd();
    else duplex.on('end', this.#onEnd);
    duplex.resume();
  }

  get state(): 'open' | 'draining' | 'closed' {
    return this.#state;
  }

  get activeRequests(): number {
    return this.#exchange === undefined && !this.#handedOver ? 0 : 1;
  }

  send(request: HttpRequest, options: SendOptions = {}): Promise<HttpResponse> {
    try {
      if (options.signal?.aborted === true)
        throw abortedError('the request was given up', options.signal.reason);
      if (this.#state !== 'open') throw this.#notOpen();
      if (this.activeRequests > 0) throw fullError();
      const plan = planRequest(request);
      const exchange = new ClientExchange(request, plan, options, this);
      this.#exchange = exchange;
      exchange.start();
      this.changes.emit();
      return exchange.answer;
    } catch (error) {
      // Nothing was taken: the body is still its owner's, for another connection.
      return Promise.reject(error);
    }
  }

  close(): Promise<void> {
    this.#become('draining');
    this.#finishWhenIdle();
    return this.closed;
  }

  destroy(cause?: Error): void {
    this.cut(destroyedError(cause));
  }

  onWanted(): void {
    this.#advance();
  }

  onSent(): void {
    this.#settleExchange();
  }

  cut(error: HttpError): void {
    if (this.#state === 'closed') return;
    this.#failure ??= error;
    this.#become('draining');
    this.#endExchange(error);
    this.#stream.reset(error);
    if (!this.duplex.destroyed) this.duplex.destroy();
  }

  handOver(): UpgradedStream {
    const { duplex } = this;
    this.#handedOver = true;
    this.#exchange = undefined;
    this.#become('draining');
    duplex.off('data', this.#onData);
    duplex.off('end', this.#onEnd);
    duplex.pause();
    if (this.#input.length > 0) duplex.unshift(this.#input.takeAll());
    return this.#stream;
  }

  readonly #onData = (chunk: Buffer): void => {
    if (this.#exchange === undefined) {
      // RFC 9112 §9.2: an answer to nothing. Whose answer the next one were, nobody could tell.
      this.cut(responseFault('the server sent bytes that no request asked for'));
      return;
    }
    this.#input.push(chunk);
    this.#advance();
  };

  readonly #onEnd = (): void => {
    this.#inputEnded = true;
    this.#become('draining');
    this.#advance();
  };

  readonly #onError = (error: Error): void => {
    this.#failure ??= error;
  };

  readonly #onClose = (): void => {
    if (this.#state === 'closed') return;
    this.#endExchange(this.#endedError());
    this.#lingering.destroy();
    this.#become('closed');
    this.#resolveClosed();
  };

  #advance(): void {
    if (this.#advancing) return;
    this.#advancing = true;
    try {
      while (this.#exchange?.step(this.#input) === true);
    } catch (error) {
      if (!(error instanceof HttpError)) throw error;
      this.cut(error);
    } finally {
      this.#advancing = false;
    }
    if (this.#handedOver || this.#state === 'closed') return;
    if (this.#inputEnded && this.#exchange?.inputEnded(this.#input) === false && this.#exchange.wanted)
      this.cut(this.#endedError());
    this.#settleExchange();
    this.#adjustFlow();
  }

  /** The answer is complete: the connection is free, or done with. */
  #settleExchange(): void {
    const exchange = this.#exchange;
    if (exchange === undefined) {
      this.#finishWhenIdle();
      return;
    }
    if (!exchange.over) return;
    this.#exchange = undefined;
    this.#answers += 1;
    // RFC 9112 §9.3: with the request not out, or bytes behind the answer, the two sides are out of step.
    if (!exchange.keepAlive || !exchange.requestSent || this.#input.length > 0) this.#become('draining');
    this.changes.emit();
    this.#finishWhenIdle();
  }

  #finishWhenIdle(): void {
    if (this.#state !== 'draining' || this.#exchange !== undefined || this.#handedOver) return;
    if (this.#lingering.isSet) return;
    this.#lingering.set(this.config.lingerMs);
    this.#paused = false;
    this.duplex.resume();
    this.duplex.end();
  }

  #adjustFlow(): void {
    const wanted = this.#exchange?.wanted !== false;
    if (this.#paused !== wanted) return;
    this.#paused = !wanted;
    if (wanted) this.duplex.resume();
    else this.duplex.pause();
  }

  #endExchange(error: HttpError): void {
    const exchange = this.#exchange;
    this.#exchange = undefined;
    exchange?.end(error);
  }

  #become(state: 'draining' | 'closed'): void {
    if (this.#state === state || this.#state === 'closed') return;
    this.#state = state;
    this.changes.emit();
  }

  #endedError(): HttpError {
    const silent = this.#exchange?.answered === false && this.#input.length === 0;
    const stale = this.#answers > 0 && silent;
    const code: HttpErrorCode = stale ? 'ERR_HTTP_STALE' : 'ERR_HTTP_CUT';
    return new HttpError({
      code,
      blame: 'upstream',
      message: stale
        ? 'the server closed a connection that had been kept, and did not answer'
        : 'the server ended the connection before its answer was complete',
      cause: this.#failure,
    });
  }

  #notOpen(): HttpError {
    return new HttpError({
      code: 'ERR_HTTP_CONNECTION_CLOSED',
      blame: 'upstream',
      message: `the connection is ${this.#state}`,
      retryable: true,
      cause: this.#failure,
    });
  }
}

function fullError(): HttpError {
  return new HttpError({
    code: 'ERR_HTTP_CONNECTION_FULL',
    blame: 'local',
    message: 'the connection has a request already',
    retryable: true,
  });
}
