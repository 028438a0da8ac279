import type { Clock, Timer } from '../../base/index.ts';
import type { TunnelConfig } from '../config.ts';
import type { TunnelSession } from '../session.ts';

/**
 * The sessions of one pool key. A session counts as free while it is open and carries fewer streams than
 * min(what the pool wants, what the peer allows); one without streams for the idle time is closed.
 */
export interface KeySessions {
  readonly sessions: ReadonlySet<TunnelSession>;
  /** The oldest free session, so that later ones run empty and are released. */
  pick(): TunnelSession | undefined;
  /** True when the next few streams would leave no free session: time to connect another. */
  readonly nearlyFull: boolean;
  /** Takes ownership; forgets the session when it drains or closes. */
  add(session: TunnelSession): void;
}

/** Without a session. `onChange` is called when a session is open no more and has been dropped. */
export function createKeySessions(config: TunnelConfig, clock: Clock, onChange: () => void): KeySessions {
  const sessions = new Set<TunnelSession>();
  /** What the peer allowed on its latest session that said so: a fair guess for one whose SETTINGS are on their way. */
  let knownCapacity = Number.POSITIVE_INFINITY;
  const limit = (session: TunnelSession): number => {
    const unknown = session.capacity === config.initialMaxSendStreams;
    return Math.min(
      config.poolStreamsPerSession,
      session.capacity,
      unknown ? knownCapacity : session.capacity,
    );
  };
  const room = (session: TunnelSession): number =>
    session.state === 'open' ? limit(session) - session.activeStreams : 0;
  return {
    sessions,
    pick() {
      for (const session of sessions) if (room(session) > 0) return session;
      return undefined;
    },
    get nearlyFull() {
      let free = 0;
      let most = 0;
      for (const session of sessions) {
        free += Math.max(0, room(session));
        most = Math.max(most, limit(session));
      }
      return free <= most * RESERVE_SHARE;
    },
    add(session) {
      sessions.add(session);
      let idle: Timer | undefined;
      const review = (): void => {
        if (session.capacity !== config.initialMaxSendStreams) knownCapacity = session.capacity;
        if (session.state !== 'open') {
          idle?.cancel();
          unsubscribe();
          sessions.delete(session);
          onChange();
          return;
        }
        if (session.activeStreams > 0) {
          idle?.cancel();
          idle = undefined;
        } else {
          idle ??= clock.after(config.poolIdleReleaseMs, () => void session.close());
        }
      };
      const unsubscribe = session.changes.subscribe(review);
      review();
    },
  };
}

/** The share of a session's streams that is left when the next session is begun. */
const RESERVE_SHARE = 0.1;
