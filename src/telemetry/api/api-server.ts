import { createServer, type IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type Clock, type Closable, type Logger, silentLogger, systemClock } from '../../base/index.ts';
import { LIVE_PATH } from '../../model/index.ts';
import { BAD_REQUEST, listenOn, sayLast } from '../admin/index.ts';
import { TelemetryError } from '../errors.ts';
import type { ObservationStore } from '../observation/index.ts';
import { createAccess, isLoopback } from './access.ts';
import type { ApiSources, Facts } from './facts.ts';
import { handle, targetOf } from './handle.ts';
import { createLiveFeed } from './live/live-feed.ts';
import { ApiRefusal } from './problem.ts';
import { createStaticFiles } from './respond/static-files.ts';
import { createWorkBudget } from './work-budget.ts';

/** What is told, to whom, and how much of the process that may take. */
export interface ApiServerOptions {
  readonly store: ObservationStore;
  readonly facts: Facts;
  /** Whoever has it may read. Undefined: whoever reaches the address, which must be a loopback one then. */
  readonly token?: string | undefined;
  /** Where the dashboard's pages are; without it, or while it is empty, `/` says how to build them. */
  readonly pages?: string | undefined;
  readonly clock?: Clock | undefined;
  readonly log?: Logger | undefined;
  /** Readers of the live feed at a time. Default 64. */
  readonly mostReaders?: number | undefined;
  /** Events that wait for a reader that is behind. Default 1,000. */
  readonly mostWaiting?: number | undefined;
  /** A client that takes nothing of its answer is let go after so many milliseconds. Default 60,000. */
  readonly idleMs?: number | undefined;
}

/** The dashboard and the read-only API of one process. */
export interface ApiServer extends Closable {
  /**
   * Resolves with the address listened on. Throws ERR_TELEMETRY_API_EXPOSED for an address beyond loopback without a token, and
   * ERR_TELEMETRY_LISTEN.
   */
  listen(address: {
    readonly host: string;
    readonly port: number;
    /** Opens the socket to listen on, where the address is shared with others. Default: one of its own. */
    readonly open?: (() => number) | undefined;
  }): Promise<{ readonly host: string; readonly port: number }>;
}

/** Listens once it is told to. Does not own the store. */
export function createApiServer(options: ApiServerOptions): ApiServer {
  const { store, facts, token, clock = systemClock, log = silentLogger } = options;
  const sources: ApiSources = { store, facts, clock };
  const budget = createWorkBudget(clock);
  const access = createAccess(token);
  const files = options.pages === undefined ? undefined : createStaticFiles(options.pages);
  const live = createLiveFeed({
    sources,
    budget,
    mostReaders: options.mostReaders ?? 64,
    mostWaiting: options.mostWaiting ?? 1_000,
  });
  const server = createServer(
    {
      maxHeaderSize: MOST_HEADER_BYTES,
      headersTimeout: REQUEST_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      keepAliveTimeout: REQUEST_TIMEOUT_MS,
    },
    // Never rejects: it answers its own failures.
    (request, response) => void handle({ sources, budget, access, files, log }, { request, response }),
  );
  server.maxConnections = MOST_CONNECTIONS;
  // Whoever does not read its answer goes. The live feed has its own way of telling.
  server.setTimeout(options.idleMs ?? 60_000);
  server.on('upgrade', (request, socket, head) => {
    socket.on('error', () => socket.destroy());
    try {
      upgrade(request, socket, head);
    } catch (error) {
      if (!(error instanceof ApiRefusal)) log.warn('live feed failed', { error });
      refuseUpgrade(socket, error);
    }
  });
  server.on('clientError', (_error, socket) => sayLast(socket, BAD_REQUEST));

  const upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    access.check(request);
    access.checkOrigin(request);
    const { pathname } = targetOf(request.url);
    if (pathname !== LIVE_PATH) throw noSocketHere(pathname);
    live.accept(request, socket, head);
  };

  return {
    async listen({ host, port, open }) {
      if (token === undefined && !isLoopback(host)) throw exposed(host);
      return listenOn(server, open === undefined ? { host, port } : { fd: open() });
    },
    async close() {
      const closed = new Promise<void>((resolve) => {
        // Not listening (any more) is closed too.
        server.close(() => resolve());
      });
      server.closeIdleConnections();
      await live.close();
      await closed;
    },
    destroy(cause) {
      live.destroy(cause);
      budget.destroy();
      server.close();
      server.closeAllConnections();
    },
  };
}

function refuseUpgrade(socket: Duplex, error: unknown): void {
  const status = error instanceof ApiRefusal ? error.status : 500;
  const body = error instanceof ApiRefusal ? `${JSON.stringify(error.problem)}\n` : '';
  sayLast(
    socket,
    `HTTP/1.1 ${status} Refused\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}

function noSocketHere(path: string): ApiRefusal {
  return new ApiRefusal({
    status: 404,
    code: 'ERR_TELEMETRY_API_PATH',
    message: `expected a WebSocket at ${LIVE_PATH}, got one at ${path.slice(0, 200)}`,
    hint: `connect to ${LIVE_PATH}`,
  });
}

function exposed(host: string): TelemetryError {
  return new TelemetryError({
    code: 'ERR_TELEMETRY_API_EXPOSED',
    blame: 'local',
    message: `the dashboard at ${host} would be open to everybody: expected a token for an address beyond loopback, got none`,
    hint: 'give --dashboard-token-file a file with a token of 16 characters or more, or listen on 127.0.0.1',
  });
}

const REQUEST_TIMEOUT_MS = 10_000;
const MOST_CONNECTIONS = 512;
const MOST_HEADER_BYTES = 16 * 1024;
