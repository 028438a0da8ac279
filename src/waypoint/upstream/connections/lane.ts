import type { Clock } from '../../../base/index.ts';
import type { HttpClientConnection } from '../../../http/index.ts';
import type { TrafficSettings } from '../../../model/index.ts';
import { WaypointError } from '../../errors.ts';
import type { RequestGate } from '../limits/request-gate.ts';
import type { IdleList } from './idle-list.ts';
import { createPooledConnection, type PooledConnection } from './pooled-connection.ts';

/** A connection for one request. */
export interface Lease {
  readonly http: HttpClientConnection;
  /** Nobody has used the connection before. */
  readonly isFresh: boolean;
  /** The request is over. Idempotent. */
  release(): void;
}

/** What a request needs of a connection. */
export interface LeaseRequest {
  readonly settings: TrafficSettings;
  readonly signal: AbortSignal;
  /** Only a connection that nobody has used will do. */
  readonly fresh: boolean;
  /** Opens one more. The signal is not the request's where others wait for the same connection. */
  connect(signal: AbortSignal): Promise<HttpClientConnection>;
}

/**
 * The connections to one endpoint of one version on behalf of one client address. HTTP/1.1: one for each request at a time,
 * kept for the next. HTTP/2: shared up to the limit of streams, and at most one is being opened at a time.
 */
export interface Lane {
  /** Rejects with what `connect` rejected with, ERR_WAYPOINT_OVERFLOW or the signal's reason. */
  lease(request: LeaseRequest): Promise<Lease>;
  readonly connections: number;
  /** Takes nothing new; what runs goes on. `cause` is what those are told who wait for a connection. */
  retire(cause: Error): void;
  destroy(cause: Error): void;
}

/** Whether connections are shared, and what bounds them. */
export interface LaneOptions {
  readonly shared: boolean;
  readonly gate: RequestGate;
  /** Where its connections are listed while nobody uses them. */
  readonly idleLists: readonly IdleList[];
  readonly clock: Clock;
  /** Nothing is left in it. */
  onEmpty(): void;
}

interface Opened {
  readonly connection: PooledConnection;
  /** For the request that it was opened for. */
  readonly leased: boolean;
}

/** Without a connection. */
export function createLane(options: LaneOptions): Lane {
  const { shared, gate, idleLists, clock, onEmpty } = options;
  const all = new Set<PooledConnection>();
  /** Those that may have room, the one that had some last on top. */
  const roomy: PooledConnection[] = [];
  const listed = new Set<PooledConnection>();
  const ending = new AbortController();
  let opening: Promise<unknown> | undefined;
  let users = 0;

  function noteRoom(connection: PooledConnection): void {
    if (!listed.has(connection)) {
      listed.add(connection);
      roomy.push(connection);
    }
    gate.noticeIdle();
  }

  function withRoom(): PooledConnection | undefined {
    for (let top = roomy.at(-1); top !== undefined; top = roomy.at(-1)) {
      if (all.has(top) && top.hasRoom()) return top;
      roomy.pop();
      listed.delete(top);
    }
    return undefined;
  }

  function adopt(http: HttpClientConnection, settings: TrafficSettings): PooledConnection {
    const connection = createPooledConnection({
      http,
      settings: settings.connections,
      clock,
      idleLists,
      onRoom: noteRoom,
      onGone(gone) {
        all.delete(gone);
        if (listed.delete(gone)) roomy.splice(roomy.indexOf(gone), 1);
        gate.releaseConnection();
        leaveIfEmpty();
      },
    });
    all.add(connection);
    return connection;
  }

  function leaveIfEmpty(): void {
    if (users === 0 && all.size === 0 && opening === undefined) onEmpty();
  }

  /** One that is open, leased at once, or leave to open another; `undefined` when neither is to be had. */
  function take({ settings, fresh }: LeaseRequest): PooledConnection | 'open' | undefined {
    const known = fresh ? undefined : withRoom();
    if (known !== undefined) {
      known.lease(settings.connections);
      return known;
    }
    return gate.takeConnection(settings.limits) ? 'open' : undefined;
  }

  /**
   * Leases it before anybody else learns of it, if its request still wants it: at the limit an idle connection is everybody's
   * prey.
   */
  async function open(request: LeaseRequest, signal: AbortSignal): Promise<Opened> {
    let http: HttpClientConnection;
    try {
      http = await request.connect(signal);
    } catch (error) {
      gate.releaseConnection();
      throw error;
    }
    const connection = adopt(http, request.settings);
    const cause = ending.signal.aborted ? ending.signal.reason : endedAtOnce(http);
    if (cause !== undefined) {
      connection.destroy(cause);
      throw cause;
    }
    const leased = !request.signal.aborted;
    if (leased) connection.lease(request.settings.connections);
    else connection.keep();
    return { connection, leased };
  }

  /** For this request alone. */
  async function openOwn(request: LeaseRequest): Promise<PooledConnection> {
    const { connection, leased } = await open(request, request.signal);
    if (!leased) throw request.signal.reason;
    return connection;
  }

  /** Who comes first opens, and all others look again when it is there. Undefined for them. */
  async function openShared(request: LeaseRequest): Promise<PooledConnection | undefined> {
    if (opening !== undefined) {
      gate.releaseConnection();
      return undefined;
    }
    const mine = open(request, ending.signal);
    opening = mine.then(
      ({ connection }) => {
        opening = undefined;
        if (connection.hasRoom()) noteRoom(connection);
      },
      (error: unknown) => {
        opening = undefined;
        leaveIfEmpty();
        throw error;
      },
    );
    // All who wait for it may have given up.
    opening.catch(() => undefined);
    try {
      await untilAborted(opening, request.signal);
    } catch (error) {
      // It may have been leased for the request in the very moment in which that was given up.
      mine.then(
        ({ connection, leased }) => leased && connection.release(),
        () => undefined,
      );
      throw error;
    }
    return (await mine).connection;
  }

  async function connectionFor(request: LeaseRequest): Promise<PooledConnection> {
    for (;;) {
      if (opening !== undefined && withRoom() === undefined) {
        await untilAborted(opening, request.signal);
        continue;
      }
      let taken = take(request);
      if (taken === undefined) {
        await gate.waitForConnection({ limits: request.settings.limits, signal: request.signal }, () => {
          taken = take(request);
          return taken !== undefined;
        });
      }
      if (taken === undefined) continue;
      if (taken !== 'open') return taken;
      const opened = shared && !request.fresh ? await openShared(request) : await openOwn(request);
      if (opened !== undefined) return opened;
    }
  }

  return {
    async lease(request) {
      users += 1;
      try {
        const connection = await connectionFor(request);
        let held = true;
        return {
          http: connection.http,
          isFresh: connection.requests === 1,
          release() {
            if (!held) return;
            held = false;
            connection.release();
          },
        };
      } finally {
        users -= 1;
        leaveIfEmpty();
      }
    },
    get connections() {
      return all.size;
    },
    retire(cause) {
      ending.abort(cause);
      for (const connection of [...all]) connection.retire();
    },
    destroy(cause) {
      ending.abort(cause);
      for (const connection of [...all]) connection.destroy(cause);
    },
  };
}

function endedAtOnce({ state }: HttpClientConnection): WaypointError | undefined {
  if (state === 'open') return undefined;
  return new WaypointError({
    code: 'ERR_WAYPOINT_CONNECT_FAILED',
    blame: 'upstream',
    message: 'expected an open connection, got one that ended at once',
    reason: 'ended-at-once',
    retryable: true,
  });
}

function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason);
    if (signal.aborted) {
      onAbort();
      return;
    }
    signal.addEventListener('abort', onAbort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}
