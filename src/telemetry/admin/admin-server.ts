import { createServer } from 'node:http';
import { type Closable, type Logger, silentLogger } from '../../base/index.ts';
import { answer } from './answer.ts';
import { BAD_REQUEST, sayLast } from './last-words.ts';
import { type AdminBind, listenOn } from './listen.ts';
import { type AdminRoute, createRouteTable } from './route.ts';

/** What a server does. `log` is silent by default. */
export interface AdminServerOptions {
  readonly routes: readonly AdminRoute[];
  readonly log?: Logger | undefined;
}

/** A small HTTP server with a fixed table of routes. `/` lists them unless a route is given for it. */
export interface AdminServer extends Closable {
  /** Resolves with the address listened on. Throws ERR_TELEMETRY_LISTEN. */
  listen(bind: AdminBind): Promise<{ readonly host: string; readonly port: number }>;
}

const REQUEST_TIMEOUT_MS = 10_000;
const IDLE_TIMEOUT_MS = 60_000;
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
  // Whoever does not read its answer goes.
  server.setTimeout(IDLE_TIMEOUT_MS);
  server.on('clientError', (error, socket) => {
    log.debug('admin client sent no HTTP', { error });
    sayLast(socket, BAD_REQUEST);
  });
  return {
    listen: (bind) => listenOn(server, bind),
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
