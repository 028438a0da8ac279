import type { BufferAccount, Clock } from '../base/index.ts';
import type { HttpConfig } from './config.ts';
import type { HttpError } from './errors.ts';
import type { HttpExchange } from './exchange.ts';

/** What the server's end of a connection is told, whichever version of HTTP it speaks. */
export interface ServeOptions {
  /** Resolved once and shared by all connections. Default: `resolveHttpConfig()`. */
  readonly config?: HttpConfig | undefined;
  readonly clock?: Clock | undefined;
  /** HTTP/2: where unread bytes are counted. Default: an account of this connection's own. */
  readonly account?: BufferAccount | undefined;
  /** HTTP/1.1: what a request is said to be, unless its target says more. Default `http`. */
  readonly scheme?: 'http' | 'https' | undefined;
  /** HTTP/1.0: the authority of requests without Host. Default: such a request is refused. */
  readonly fallbackAuthority?: string | undefined;
  /** A request. Must not throw; the exchange is answered in its own time. */
  onExchange(exchange: HttpExchange): void;
  /** A request, or the rest of one, that this end refused by itself; `error.status` is what the client was told. */
  onRefused?(error: HttpError): void;
}

/** What the client's end of a connection is told, whichever version of HTTP it speaks. */
export interface ConnectOptions {
  readonly config?: HttpConfig | undefined;
  readonly clock?: Clock | undefined;
  /** HTTP/2: as for servers. */
  readonly account?: BufferAccount | undefined;
}
