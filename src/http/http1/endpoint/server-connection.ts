// Long, but one thing: a state machine whose every event reads and changes the same few fields.
import type { Duplex } from 'node:stream';
import { type ByteStream, systemClock } from '../../../base/index.ts';
import { DEFAULT_HTTP_CONFIG, type HttpConfig } from '../../config.ts';
import { Deadline } from '../../deadline.ts';
import type { ServeOptions } from '../../endpoint-options.ts';
import { HttpError } from '../../errors.ts';
import type { HttpServerConnection } from '../../exchange.ts';
import type { UpgradedStream } from '../../message/http-message.ts';
import { InputBuffer } from '../codec/input-buffer.ts';
import type { RequestHead } from '../codec/request-head.ts';
import { RequestReader } from '../codec/request-reader.ts';
import { destroyedError, requestFault } from '../../message/fault.ts';
import { BodyPace } from './body-pace.ts';
import { refusal } from './refusal.ts';
import { type ExchangeHost, ServerExchange } from './server-exchange.ts';

/** Serves HTTP/1.1 and HTTP/1.0 on a stream. Owns the stream from here on. */
export function serveHttp1(stream: ByteStream, options: ServeOptions): HttpServerConnection {
  const connection = new Http1ServerConnection(stream, options);
  connection.start();
  return connection;
}

/**
 * One connection: requests one after another, the next one read when the one before is answered.
 *
 *     open ── last answer, refusal, idle, the client's end ──▶ ending ── both ends, or time ──▶ closed
 *       ├── upgrade ──▶ handed-over ──▶ closed                  any ── reset ──▶ closed
 */
class Http1ServerConnection implements HttpServerConnection, ExchangeHost {
  readonly config: HttpConfig;
  readonly duplex: Duplex;
  readonly closed: Promise<void>;
  readonly #stream: ByteStream;
  readonly #options: ServeOptions;
  readonly #input = new InputBuffer();
  readonly #requests: RequestReader;
  readonly #reading: Deadline;
  readonly #writing: Deadline;
  readonly #pace: BodyPace;
  readonly #resolveClosed: () => void;
  #state: 'open' | 'ending' | 'handed-over' | 'closed' = 'open';
  #exchange: ServerExchange | undefined;
  #inputEnded = false;
  /** Some of a head has come, and its time runs. */
  #headStarted = false;
  #draining = false;
  #advancing = false;
  #paused = false;
  #discardedBytes = 0;

  constructor(stream: ByteStream, options: ServeOptions) {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.closed = promise;
    this.#resolveClosed = resolve;
    this.#stream = stream;
    this.duplex = stream.duplex;
    this.#options = options;
    this.config = options.config ?? DEFAULT_HTTP_CONFIG;
    const clock = options.clock ?? systemClock;
    this.#requests = new RequestReader(this.config);
    this.#reading = new Deadline(clock, () => this.#onReadTimeout());
    this.#pace = new BodyPace(this.config, this.#reading);
    this.#writing = new Deadline(clock, () => this.#onWriteTimeout());
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
    this.#reading.set(this.config.idleTimeoutMs);
    duplex.resume();
  }

  get activeExchanges(): number {
    return this.#exchange === undefined ? 0 : 1;
  }

  close(): Promise<void> {
    if (!this.#draining && this.#state === 'open' && this.#exchange === undefined && this.#input.length === 0)
      this.#reading.set(this.config.closingIdleMs);
    this.#draining = true;
    return this.closed;
  }

  destroy(cause?: Error): void {
    this.cut(destroyedError(cause));
  }

  get mayKeepAlive(): boolean {
    return !this.#draining;
  }

  onWanted(): void {
    if (!this.#advancing) this.#advance();
  }

  onBlocked(blocked: boolean): void {
    if (blocked) this.#writing.set(this.config.bodyIdleTimeoutMs);
    else this.#writing.clear();
  }

  onAnswered(keepAlive: boolean): void {
    const exchange = this.#exchange;
    if (exchange === undefined || this.#state !== 'open') return;
    if (!exchange.requestComplete) exchange.drain();
    if (!keepAlive || this.#draining) {
      this.#exchange = undefined;
      this.#finish();
      return;
    }
    if (!exchange.requestComplete) this.#reading.set(this.config.lingerMs);
    this.#advance();
  }

  cut(error: HttpError): void {
    if (this.#state === 'closed') return;
    this.#endExchange(error);
    this.#stream.reset(error);
    if (!this.duplex.destroyed) this.duplex.destroy();
  }

  handOver(): UpgradedStream {
    this.#state = 'handed-over';
    const { duplex } = this;
    duplex.off('data', this.#onData);
    duplex.off('end', this.#onEnd);
    duplex.pause();
    this.#reading.destroy();
    this.#writing.destroy();
    if (this.#input.length > 0) duplex.unshift(this.#input.takeAll());
    return this.#stream;
  }

  readonly #onData = (chunk: Buffer): void => {
    if (this.#state === 'ending') {
      this.#discardedBytes += chunk.length;
      if (this.#discardedBytes > this.config.maxDrainedBytes) this.duplex.destroy();
      return;
    }
    this.#input.push(chunk);
    this.#advance();
  };

  readonly #onEnd = (): void => {
    this.#inputEnded = true;
    if (this.#state === 'open') this.#advance();
  };

  readonly #onError = (): void => {
    // 'close' follows, and says the same to everybody.
  };

  readonly #onClose = (): void => {
    if (this.#state === 'closed') return;
    this.#endExchange(
      new HttpError({
        code: 'ERR_HTTP_CUT',
        blame: 'downstream',
        message: 'the client went away before its answer was complete',
        cause: this.duplex.errored ?? undefined,
      }),
    );
    this.#state = 'closed';
    this.#reading.destroy();
    this.#writing.destroy();
    this.#resolveClosed();
  };

  /** Does whatever can be done with what has come. Never from within itself. */
  #advance(): void {
    if (this.#advancing) return;
    this.#advancing = true;
    try {
      while (this.#step());
    } catch (error) {
      if (!(error instanceof HttpError)) throw error;
      this.#refuse(error);
    } finally {
      this.#advancing = false;
    }
    this.#adjustFlow();
  }

  /** True when there may be more to do at once. */
  #step(): boolean {
    if (this.#state !== 'open') return false;
    const exchange = this.#exchange;
    if (exchange === undefined) return this.#nextRequest();
    if (exchange.requestComplete) {
      if (!exchange.answered) return false;
      this.#exchange = undefined;
      this.#reading.set(this.config.idleTimeoutMs);
      return true;
    }
    if (exchange.answered && exchange.beyondDraining) {
      this.#exchange = undefined;
      this.#finish();
      return false;
    }
    if (!exchange.wantsBody) return false;
    const before = exchange.receivedBytes;
    if (exchange.step(this.#input)) {
      if (exchange.requestComplete) this.#reading.clear();
      else if (!exchange.answered) this.#pace.received(exchange.receivedBytes - before);
      return true;
    }
    if (this.#inputEnded) this.cut(truncatedError());
    else this.#pace.start();
    return false;
  }

  #nextRequest(): boolean {
    const head = this.#requests.next(this.#input);
    if (head !== undefined) {
      this.#begin(head);
      return true;
    }
    if (this.#inputEnded) this.#finish();
    else if (this.#input.length > 0 && !this.#headStarted) {
      this.#headStarted = true;
      this.#reading.set(this.config.headTimeoutMs);
    }
    return false;
  }

  #begin(head: RequestHead): void {
    this.#headStarted = false;
    this.#reading.clear();
    const { scheme = 'http', fallbackAuthority } = this.#options;
    const authority = head.authority === '' ? fallbackAuthority : head.authority;
    if (authority === undefined) throw requestFault('a request without Host');
    const exchange = new ServerExchange(head, scheme, authority, this);
    this.#exchange = exchange;
    this.#options.onExchange(exchange);
  }

  /** Reads while somebody wants what comes; behind a whole request only a little, to see whether the client is there. */
  #adjustFlow(): void {
    if (this.#state !== 'open') return;
    const exchange = this.#exchange;
    const wanted =
      exchange === undefined ||
      (exchange.requestComplete ? this.#input.length < this.config.maxPipelinedBytes : exchange.wantsBody);
    if (wanted !== this.#paused) return;
    this.#paused = !wanted;
    if (wanted) {
      this.duplex.resume();
    } else {
      this.#reading.clear();
      this.duplex.pause();
    }
  }

  /** Answers a request that cannot be taken, or tells the reader of its body. */
  #refuse(error: HttpError): void {
    this.#options.onRefused?.(error);
    const exchange = this.#exchange;
    if (exchange !== undefined && !exchange.answered) {
      exchange.breakBody(error);
      return;
    }
    this.#exchange = undefined;
    if (exchange === undefined) this.duplex.write(refusal(error), 'latin1');
    this.#finish();
  }

  /** Nothing more is taken. What was written still goes out, and the client gets a moment to read it before the end. */
  #finish(): void {
    if (this.#state !== 'open') return;
    this.#state = 'ending';
    this.#writing.clear();
    this.#reading.set(this.config.lingerMs);
    this.#paused = false;
    this.duplex.resume();
    this.duplex.end();
  }

  #endExchange(error: HttpError): void {
    const exchange = this.#exchange;
    this.#exchange = undefined;
    exchange?.end(error);
  }

  #onReadTimeout(): void {
    const exchange = this.#exchange;
    if (this.#state === 'ending') {
      this.duplex.destroy();
    } else if (exchange === undefined) {
      if (this.#input.length > 0)
        this.#refuse(timeoutError('the head of a request', this.config.headTimeoutMs));
      else this.#finish();
    } else if (exchange.answered) {
      this.#exchange = undefined;
      this.#finish();
    } else if (!this.#pace.isFastEnough()) {
      this.#refuse(timeoutError('the body of a request', this.config.bodyIdleTimeoutMs));
      this.#adjustFlow();
    }
  }

  #onWriteTimeout(): void {
    this.cut(timeoutError('reading its answer', this.config.bodyIdleTimeoutMs));
  }
}

function truncatedError(): HttpError {
  return new HttpError({
    code: 'ERR_HTTP_CUT',
    blame: 'downstream',
    message: 'the client ended its connection in the middle of a request',
  });
}

function timeoutError(what: string, timeoutMs: number): HttpError {
  return requestFault(`the client took longer than ${timeoutMs} ms over ${what}`, 'ERR_HTTP_TIMEOUT', 408);
}
