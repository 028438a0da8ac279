import type { Clock, Timer } from '../../../base/index.ts';
import type { HttpClientConnection } from '../../../http/index.ts';
import type { ConnectionSettings } from '../../../model/index.ts';
import type { IdleList } from './idle-list.ts';

/** One connection of a pool, from the moment it is open until it takes no more requests. */
export interface PooledConnection {
  readonly http: HttpClientConnection;
  /** Requests that it was leased for, ever. */
  readonly requests: number;
  /** Whether another request may have it now. */
  hasRoom(): boolean;
  /** Nobody wants it yet: it is kept for who comes. */
  keep(): void;
  /** Takes it for one request; settings may have changed since the last. */
  lease(settings: ConnectionSettings): void;
  release(): void;
  /** No more requests: it closes when those that run have ended. Idempotent. */
  retire(): void;
  destroy(cause: Error): void;
}

/** An open connection, and who hears of it. */
export interface PooledConnectionOptions {
  readonly http: HttpClientConnection;
  readonly settings: ConnectionSettings;
  readonly clock: Clock;
  /** Where it is listed while nobody uses it. */
  readonly idleLists: readonly IdleList[];
  /** It has room again. */
  onRoom(connection: PooledConnection): void;
  /** It is no longer to be counted; once. */
  onGone(connection: PooledConnection): void;
}

/** Owns `http`. Nobody uses it yet, so its idle time runs. */
export function createPooledConnection(options: PooledConnectionOptions): PooledConnection {
  const { http, clock, idleLists, onRoom, onGone } = options;
  const openedMs = clock.monotonic();
  let settings = options.settings;
  let leased = 0;
  let requests = 0;
  let retired = false;
  let idleSinceMs = openedMs;
  let idleTimer: Timer | undefined;

  const limit = (): number => Math.min(http.capacity, settings.maximumConcurrentStreams);
  const isSpent = (): boolean =>
    (settings.maximumRequests > 0 && requests >= settings.maximumRequests) ||
    (settings.maximumAgeMs > 0 && clock.monotonic() - openedMs >= settings.maximumAgeMs);

  /** One timer at a time, set anew only when it fires: a busy connection costs none per request. */
  function watchIdle(delayMs: number): void {
    idleTimer = clock.after(delayMs, () => {
      idleTimer = undefined;
      if (leased > 0) return;
      const leftMs = settings.idleMs - (clock.monotonic() - idleSinceMs);
      if (leftMs > 0) watchIdle(leftMs);
      else connection.retire();
    });
  }

  function becomeIdle(): void {
    idleSinceMs = clock.monotonic();
    for (const list of idleLists) list.add(connection);
    if (idleTimer === undefined && !retired) watchIdle(settings.idleMs);
  }

  function review(): void {
    if (retired) return;
    if (http.state !== 'open' || (leased === 0 && isSpent())) connection.retire();
    else if (connection.hasRoom()) onRoom(connection);
  }

  const unsubscribe = http.changes.subscribe(review);
  const connection: PooledConnection = {
    http,
    get requests() {
      return requests;
    },
    hasRoom: () =>
      !retired && http.state === 'open' && leased < limit() && http.activeRequests < limit() && !isSpent(),
    keep: becomeIdle,
    lease(current) {
      settings = current;
      if (leased === 0) for (const list of idleLists) list.delete(connection);
      leased += 1;
      requests += 1;
    },
    release() {
      leased -= 1;
      if (leased === 0 && !retired && http.state === 'open' && !isSpent()) becomeIdle();
      review();
    },
    retire() {
      if (retired) return;
      retired = true;
      idleTimer?.cancel();
      unsubscribe();
      for (const list of idleLists) list.delete(connection);
      onGone(connection);
      void http.close();
    },
    destroy(cause) {
      connection.retire();
      http.destroy(cause);
    },
  };
  return connection;
}
