import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Closable, type Logger, silentLogger } from '../../base/index.ts';
import { TelemetryError } from '../errors.ts';
import { answer } from './answer.ts';
import { type AdminRoute, createRouteTable } from './route.ts';

/** What a server does. `log` is silent by default. */
export interface AdminServerOptions {
  readonly routes: readonly AdminRoute[];
  readonly log?: Logger | undefined;
}

/** Where to listen: an address (loopback unless told otherwise; port 0 picks one), or a socket that already listens. */
export type AdminBind =
  | { readonly host?: string | undefined; readonly port: number; readonly fd?: undefined }
  | { readonly fd: number };

/** A small HTTP server with a fixed table of routes. `/` lists them unless a route is given for it. */
export interface AdminServer extends Closable {
  /** Resolves with the address listened on. Throws ERR_TELEMETRY_LISTEN. */
  listen(bind: AdminBind): Promise<{ readonly host: string; readonly port: number }>;
}

const LOOPBACK = '127.0.0.1';
const REQUEST_TIMEOUT_MS = 10_000;
const MAXIMUM_CONNECTIONS = 256;
const MAXIMUM_HEADER_BYTES = 16 * 1024;

/** Throws ERR_TELEMETRY_ROUTE when the routes do not make a table. */
export function createAdminServer(options: AdminServerOptions): AdminServer {
  const table = createRouteTable(options.routes);
  const log = options.log ?? silentLogger;
  const destroyed = new AbortController();
  const server = createServer(
    {
      maxHeaderSize: MAXIMUM_HEADER_BYTES,
      headersTimeout: REQUEST_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      keepAliveTimeout: REQUEST_TIMEOUT_MS,
    },
    (request, response) => {
      // Never rejects: it answers its own failures.
      void answer({ table, log, signal: destroyed.signal }, request, response);
    },
  );
  server.maxConnections = MAXIMUM_CONNECTIONS;
  server.on('clientError', (error, socket) => {
    log.debug('admin client sent no HTTP', { error });
    if (socket.writable)
      socket.end('HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\r\n');
    else socket.destroy();
  });
  return {
    listen: (bind) => listen(server, bind),
    close() {
      return new Promise((resolve) => {
        // Not listening (any more) is closed too.
        server.close(() => resolve());
        server.closeIdleConnections();
      });
    },
    destroy(cause) {
      destroyed.abort(cause);
      server.close();
      server.closeAllConnections();
    },
  };
}

function listen(server: Server, bind: AdminBind): Promise<{ readonly host: string; readonly port: number }> {
  return new Promise((resolve, reject) => {
    const onError = (cause: Error): void => reject(listenError(bind, cause));
    server.once('error', onError);
    const onListening = (): void => {
      server.off('error', onError);
      const { address: host, port } = server.address() as AddressInfo;
      resolve({ host, port });
    };
    if (bind.fd === undefined) server.listen({ host: bind.host ?? LOOPBACK, port: bind.port }, onListening);
    else server.listen({ fd: bind.fd }, onListening);
  });
}

function listenError(bind: AdminBind, cause: Error): TelemetryError {
  const where = bind.fd === undefined ? `${bind.host ?? LOOPBACK}:${bind.port}` : `fd ${bind.fd}`;
  return new TelemetryError({
    code: 'ERR_TELEMETRY_LISTEN',
    blame: 'local',
    message: `cannot listen on ${where}`,
    hint: 'see whether another process has the port (ss -ltnp), and whether the address is one of this machine',
    cause,
  });
}
