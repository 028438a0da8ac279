import type { Closable, Signal } from '../base/index.ts';
import type { HeaderList } from './message/header-list.ts';
import type { HttpRequest, HttpResponse, UpgradedStream } from './message/http-message.ts';

/** One request of a client and the answer that it awaits. Exactly one of `respond`, `upgrade` and `abort` is to be called. */
export interface HttpExchange {
  readonly request: HttpRequest;
  /** Bytes of bodies so far: of the request as read, of the answer as sent. */
  readonly receivedBytes: number;
  readonly sentBytes: number;
  /** Aborted when the client gives up, its connection ends or the exchange is aborted; never after its end. */
  readonly signal: AbortSignal;
  /** Sends an interim answer (100 to 199, not 101), where the client's version has them; nothing after the final one. */
  informational(status: number, headers: HeaderList): void;
  /**
   * Sends the final answer and its body. Resolves when the last byte is handed on; rejects with an HttpError that tells by
   * its blame which side failed. Whatever of the request was not read is thrown away.
   */
  respond(response: HttpResponse): Promise<void>;
  /** Answers 101 and hands the connection over. HTTP/1.1 only. */
  upgrade(response: HttpResponse): UpgradedStream;
  /** Cuts the exchange so that the client cannot take it for complete. */
  abort(cause: Error): void;
}

/** The server's end of one connection. `close` finishes what runs and takes nothing new. */
export interface HttpServerConnection extends Closable {
  readonly activeExchanges: number;
  /** Resolves when the connection is over; never rejects. */
  readonly closed: Promise<void>;
}

/** The client's end of one connection. `close` lets what runs end. */
export interface HttpClientConnection extends Closable {
  readonly version: '1.1' | '2';
  /** `open`: takes requests. `draining`: those that run go on. `closed`: nothing is left. */
  readonly state: 'open' | 'draining' | 'closed';
  readonly activeRequests: number;
  /** How many at once: 1 for HTTP/1.1, what the peer allows for HTTP/2. */
  readonly capacity: number;
  /** Given whenever one of the three above changed. */
  readonly changes: Signal<void>;
  readonly closed: Promise<void>;
  /**
   * Sends a request and its body. Resolves with the head of the final answer. Rejects with an HttpError: `retryable` when the
   * server cannot have acted on it. A request that was not even begun (the connection is not open or full, HTTP does not allow
   * it) leaves its body alone. After the head the answer's body is destroyed with the error when it is cut.
   */
  send(request: HttpRequest, options?: SendOptions): Promise<HttpResponse>;
}

/** What may happen to a request beside its answer. */
export interface SendOptions {
  /** Cuts the request, or the answer while it comes. */
  readonly signal?: AbortSignal | undefined;
  /** Interim answers, 100 among them. */
  onInformational?(status: number, headers: HeaderList): void;
}
