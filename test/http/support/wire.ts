import { once } from 'node:events';
import { type Duplex, duplexPair } from 'node:stream';
import type { ByteStream } from '../../../src/base/index.ts';
import {
  connectHttp1,
  type HttpClientConnection,
  type HttpExchange,
  type HttpError,
  type HttpOptions,
  type HttpServerConnection,
  resolveHttpConfig,
  type ServeOptions,
  serveHttp1,
} from '../../../src/http/index.ts';
import { createFakeClock, type FakeClock } from '../../support/fake-clock.ts';

/** A Duplex as a byte stream whose reset is remembered. */
export function byteStream(duplex: Duplex): ByteStream & { readonly resets: Error[] } {
  const resets: Error[] = [];
  return {
    duplex,
    resets,
    reset(cause) {
      resets.push(cause);
      duplex.destroy();
    },
    get endedCleanly() {
      return duplex.readableEnded;
    },
  };
}

/** The server's end of HTTP/1 under test, and this file as its client: text in, text out. */
export interface ServerWire {
  readonly connection: HttpServerConnection;
  readonly stream: ReturnType<typeof byteStream>;
  readonly clock: FakeClock;
  readonly exchanges: HttpExchange[];
  readonly refusals: HttpError[];
  /** The client's side, for what `send` cannot do. */
  readonly client: Duplex;
  send(text: string | Buffer): Promise<void>;
  /** Everything received since the last call, once nothing more comes of itself. */
  received(): Promise<string>;
  /** The server has ended its half or is gone. */
  readonly ended: boolean;
  /** Ends the test's side, waits for the server's, and tells which timers were left. */
  finish(): Promise<number>;
}

export function openServerWire(
  options: Partial<ServeOptions> & { readonly limits?: HttpOptions; readonly autoAnswer?: boolean } = {},
): ServerWire {
  const [a, client] = duplexPair({ allowHalfOpen: true });
  const clock = createFakeClock();
  const exchanges: HttpExchange[] = [];
  const refusals: HttpError[] = [];
  const chunks: Buffer[] = [];
  let ended = false;
  client.on('data', (chunk: Buffer) => chunks.push(chunk));
  client.on('end', () => {
    ended = true;
  });
  client.on('close', () => {
    ended = true;
  });
  client.on('error', () => undefined);
  const stream = byteStream(a);
  const connection = serveHttp1(stream, {
    clock,
    config: resolveHttpConfig(options.limits),
    onRefused: (error) => refusals.push(error),
    onExchange: (exchange) => exchanges.push(exchange),
    ...options,
  });
  return {
    connection,
    stream,
    clock,
    exchanges,
    refusals,
    client,
    async send(text) {
      client.write(typeof text === 'string' ? Buffer.from(text, 'latin1') : text);
      await settle();
    },
    async received() {
      await settle();
      return Buffer.concat(chunks.splice(0)).toString('latin1');
    },
    get ended() {
      return ended;
    },
    async finish() {
      client.end();
      await settle();
      await clock.advance(10_000);
      await connection.closed;
      return clock.pending;
    },
  };
}

/** The client's end of HTTP/1 under test, and this file as its server. */
export interface ClientWire {
  readonly connection: HttpClientConnection;
  readonly stream: ReturnType<typeof byteStream>;
  readonly clock: FakeClock;
  readonly server: Duplex;
  send(text: string | Buffer): Promise<void>;
  received(): Promise<string>;
  readonly ended: boolean;
  /** Ends the test's side, waits for the client's, and tells which timers were left. */
  finish(): Promise<number>;
}

export function openClientWire(limits?: HttpOptions): ClientWire {
  const [a, server] = duplexPair({ allowHalfOpen: true });
  const clock = createFakeClock();
  const chunks: Buffer[] = [];
  let ended = false;
  server.on('data', (chunk: Buffer) => chunks.push(chunk));
  server.on('end', () => {
    ended = true;
  });
  server.on('close', () => {
    ended = true;
  });
  server.on('error', () => undefined);
  const stream = byteStream(a);
  const connection = connectHttp1(stream, { clock, config: resolveHttpConfig(limits) });
  return {
    connection,
    stream,
    clock,
    server,
    async send(text) {
      server.write(typeof text === 'string' ? Buffer.from(text, 'latin1') : text);
      await settle();
    },
    async received() {
      await settle();
      return Buffer.concat(chunks.splice(0)).toString('latin1');
    },
    get ended() {
      return ended;
    },
    async finish() {
      server.end();
      await settle();
      await clock.advance(10_000);
      await connection.closed;
      return clock.pending;
    },
  };
}

/** Lets everything that is on its way arrive. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
}

export async function closedOf(duplex: Duplex): Promise<void> {
  if (!duplex.closed) await once(duplex, 'close');
}
