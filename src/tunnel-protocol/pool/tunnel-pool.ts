import type { TLSSocket } from 'node:tls';
import { type BufferAccount, type Clock, type Closable, systemClock } from '../../base/index.ts';
import { resolveTunnelConfig, type TunnelOptions } from '../config.ts';
import { TunnelError } from '../errors.ts';
import { abortedError } from '../refusals.ts';
import type { TunnelRequestHead } from '../head/index.ts';
import type { OpenedTunnel, SessionOptions, TunnelSession, TunnelTransport } from '../session.ts';
import { createKeySessions, type KeySessions } from './key-sessions.ts';
import { type SharedConnect, startSharedConnect } from './shared-connect.ts';

/**
 * Sessions shared by all tunnels of equal keys. Invariants: at most one connect per key is in flight; a session takes
 * at most min(`poolStreamsPerSession`, the peer's maximum) streams; a session that freed streams takes new ones
 * again; the next session is begun before the last free one is full; a key without sessions is forgotten.
 */
export interface TunnelPool<Key> extends Closable {
  /**
   * A tunnel on a session of this key. A session that ended under our hands is replaced, unseen, a few times. Where there is
   * none, `connectWithinMs` is how long this caller waits for one (ERR_TUNNEL_CONNECT_TIMEOUT; default as long as it takes).
   */
  open(
    key: Key,
    head: TunnelRequestHead,
    signal?: AbortSignal,
    connectWithinMs?: number,
  ): Promise<OpenedTunnel>;
  sessions(): readonly PooledSession<Key>[];
  /** Calls `verify` for each session; those for which it throws are cut, with the error as the cause. Returns how many. */
  reverify(verify: (session: PooledSession<Key>) => void): number;
}

/** A session as it stands in the pool, with the socket under it; the pool owns both. */
export interface PooledSession<Key> {
  readonly key: Key;
  readonly session: TunnelSession;
  readonly socket: TunnelTransport;
}

/** How the pool gets its sessions, and which callers may share one. */
export interface TunnelPoolOptions<Key> {
  /** A socket whose handshake is done and whose peer is verified; the pool owns it from then on. */
  connect(key: Key, signal: AbortSignal): Promise<TLSSocket | TunnelTransport>;
  /** Equal strings share sessions: source identity, expected identities, destination, source address. */
  keyOf(key: Key): string;
  readonly config?: TunnelOptions | undefined;
  readonly clock?: Clock | undefined;
  readonly account?: BufferAccount | undefined;
  startSession(socket: TunnelTransport, options: SessionOptions): TunnelSession;
}

interface Entry<Key> {
  readonly sessions: KeySessions;
  readonly pooled: Map<TunnelSession, PooledSession<Key>>;
  connecting: SharedConnect | undefined;
}

/** The pool over any kind of session; `createTunnelPool` binds it to the one in use. */
export function createSessionPool<Key>(options: TunnelPoolOptions<Key>): TunnelPool<Key> {
  const config = resolveTunnelConfig(options.config);
  const clock = options.clock ?? systemClock;
  const entries = new Map<string, Entry<Key>>();
  let ended: TunnelError | undefined;

  const entryOf = (name: string): Entry<Key> => {
    let entry = entries.get(name);
    if (entry === undefined) {
      const pooled = new Map<TunnelSession, PooledSession<Key>>();
      const created: Entry<Key> = {
        sessions: createKeySessions(config, clock, () => forget(name, created)),
        pooled,
        connecting: undefined,
      };
      entry = created;
      entries.set(name, entry);
    }
    return entry;
  };
  const forget = (name: string, entry: Entry<Key>): void => {
    for (const session of entry.pooled.keys()) if (session.state === 'closed') entry.pooled.delete(session);
    if (entry.pooled.size === 0 && entry.connecting === undefined && entries.get(name) === entry)
      entries.delete(name);
  };
  const connect = (name: string, key: Key, entry: Entry<Key>): SharedConnect => {
    entry.connecting ??= startSharedConnect({
      timeoutMs: config.poolConnectTimeoutMs,
      clock,
      connect: async (signal) => {
        const socket = await options.connect(key, signal);
        if (signal.aborted) {
          socket.destroy();
          throw signal.reason;
        }
        const session = options.startSession(socket, { config, clock, account: options.account });
        // Who waits would connect again and again; its own retries are counted.
        if (session.state === 'closed') throw endedAtOnceError();
        entry.pooled.set(session, { key, session, socket });
        void session.closed.then(() => forget(name, entry));
        entry.sessions.add(session);
      },
      onSettled: () => {
        entry.connecting = undefined;
        forget(name, entry);
      },
    });
    return entry.connecting;
  };

  return {
    async open(key, head, signal, connectWithinMs) {
      const name = options.keyOf(key);
      for (let attempt = 1; ; ) {
        if (ended !== undefined) throw ended;
        if (signal?.aborted) throw abortedError(signal);
        const entry = entryOf(name);
        const session = entry.sessions.pick();
        if (session === undefined) {
          await connect(name, key, entry).wait(signal, connectWithinMs);
          continue;
        }
        const opening = session.open(head, signal);
        if (entry.sessions.nearlyFull) connect(name, key, entry);
        try {
          return await opening;
        } catch (error) {
          if (!isStaleSession(error) || ++attempt > MAX_ATTEMPTS) throw error;
        }
      }
    },
    sessions: () => [...entries.values()].flatMap((entry) => [...entry.pooled.values()]),
    reverify(verify) {
      let cut = 0;
      for (const pooled of this.sessions()) {
        try {
          verify(pooled);
        } catch (error) {
          cut += 1;
          pooled.session.destroy(error instanceof Error ? error : new Error(String(error)));
        }
      }
      return cut;
    },
    async close() {
      ended ??= closedError();
      for (const entry of entries.values()) entry.connecting?.abort(ended);
      await Promise.all(this.sessions().map(({ session }) => session.close()));
    },
    destroy(cause) {
      ended ??= closedError(cause);
      for (const entry of entries.values()) entry.connecting?.abort(ended);
      for (const { session } of this.sessions()) session.destroy(cause ?? ended);
    },
  };
}

/** True when the session, not the destination, was the reason: the peer has not looked at the stream. */
function isStaleSession(error: unknown): boolean {
  return (
    error instanceof TunnelError &&
    (error.code === 'ERR_TUNNEL_STREAM_REFUSED' ||
      error.code === 'ERR_TUNNEL_SESSION_CLOSED' ||
      error.code === 'ERR_TUNNEL_SESSION_FULL')
  );
}

function endedAtOnceError(): TunnelError {
  return new TunnelError({
    code: 'ERR_TUNNEL_SESSION_CLOSED',
    blame: 'upstream',
    message: 'the session ended before it was used',
    retryable: true,
  });
}

function closedError(cause?: Error): TunnelError {
  return new TunnelError({
    code: 'ERR_TUNNEL_CLOSED',
    blame: 'local',
    message: 'the pool is closed',
    cause,
  });
}

/** A crowd on a peer that allows few streams is refused more than once before the pool knows better. */
const MAX_ATTEMPTS = 5;
