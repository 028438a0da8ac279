import type { Clock } from '../../../base/index.ts';
import type { TrafficLimits } from '../../../model/index.ts';
import { WaypointError } from '../../errors.ts';
import { createWaitingLine, type WaitingLine } from './waiting-line.ts';

/** Why a request was not let through; a closed list, since it labels a metric. */
export type OverflowReason = 'connections' | 'pending-requests' | 'pending-time' | 'active-retries';

/**
 * How much of a service's limits is in use in this process. Requests that find no room wait in one line, bounded in number
 * and time, whatever it is that they wait for.
 */
export interface RequestGate {
  readonly active: number;
  readonly pending: number;
  readonly retries: number;
  readonly connections: number;
  /** A place among the active requests. Rejects with ERR_WAYPOINT_OVERFLOW, or the signal's reason. Returns what gives it back. */
  enter(entry: GateEntry): Promise<() => void>;
  /** Takes one more connection into account if there may be one; where the limit is reached, in the place of an idle one. */
  takeConnection(limits: TrafficLimits): boolean;
  /** A connection is gone. */
  releaseConnection(): void;
  /** A connection is idle, or has room for one more: who waits for one looks again. */
  noticeIdle(): void;
  /**
   * Resolves when `take` has got a connection, or leave to make one; it is asked now, and each time that one becomes free.
   * Rejects as `enter` does.
   */
  waitForConnection(entry: Omit<GateEntry, 'isRetry'>, take: () => boolean): Promise<void>;
}

/** A request that wants to go on. */
export interface GateEntry {
  readonly limits: TrafficLimits;
  readonly isRetry: boolean;
  readonly signal: AbortSignal;
}

/** Whose limits they are, and what can be freed for another request. */
export interface RequestGateOptions {
  /** For sentences: the service and its port. */
  readonly name: string;
  readonly clock: Clock;
  onOverflow(reason: OverflowReason): void;
  /** Closes a connection that nobody uses, for another; false when there is none. `releaseConnection` is called for it. */
  closeIdle(): boolean;
}

/** Nothing is in use. Limits come with each request, so that a change of policy holds for the next one. */
export function createRequestGate({ name, clock, onOverflow, closeIdle }: RequestGateOptions): RequestGate {
  const forTurn = createWaitingLine(clock);
  const forConnection = createWaitingLine(clock);
  let active = 0;
  let retries = 0;
  let connections = 0;

  function overflow(reason: OverflowReason, most: number): WaypointError {
    onOverflow(reason);
    return overflowError(name, reason, most);
  }

  async function waitIn(
    line: WaitingLine,
    { limits, signal }: Omit<GateEntry, 'isRetry'>,
    take: () => boolean,
  ): Promise<void> {
    const { maximumPendingRequests, maximumPendingMs } = limits;
    if (forTurn.length + forConnection.length >= maximumPendingRequests)
      throw overflow('pending-requests', maximumPendingRequests);
    if (!(await line.wait({ timeoutMs: maximumPendingMs, signal, take })))
      throw overflow('pending-time', maximumPendingMs);
  }

  async function takeTurn(entry: GateEntry): Promise<void> {
    const take = (): boolean => {
      if (active >= entry.limits.maximumActiveRequests) return false;
      active += 1;
      return true;
    };
    // Nobody overtakes those who wait.
    if (forTurn.length > 0 || !take()) await waitIn(forTurn, entry, take);
  }

  return {
    get active() {
      return active;
    },
    get pending() {
      return forTurn.length + forConnection.length;
    },
    get retries() {
      return retries;
    },
    get connections() {
      return connections;
    },
    async enter(entry) {
      const { limits, isRetry } = entry;
      if (isRetry && retries >= limits.maximumActiveRetries)
        throw overflow('active-retries', limits.maximumActiveRetries);
      if (isRetry) retries += 1;
      try {
        await takeTurn(entry);
      } catch (error) {
        if (isRetry) retries -= 1;
        throw error;
      }
      let held = true;
      return () => {
        if (!held) return;
        held = false;
        active -= 1;
        if (isRetry) retries -= 1;
        forTurn.serve();
      };
    },
    takeConnection({ maximumConnections }) {
      if (connections >= maximumConnections && !(closeIdle() && connections < maximumConnections))
        return false;
      connections += 1;
      return true;
    },
    releaseConnection() {
      connections -= 1;
      forConnection.serve();
    },
    noticeIdle: () => forConnection.serve(),
    async waitForConnection(entry, take) {
      if (forConnection.length === 0 && take()) return;
      if (entry.limits.maximumPendingRequests === 0)
        throw overflow('connections', entry.limits.maximumConnections);
      await waitIn(forConnection, entry, take);
    },
  };
}

function overflowError(name: string, reason: OverflowReason, most: number): WaypointError {
  return new WaypointError({
    code: 'ERR_WAYPOINT_OVERFLOW',
    blame: 'local',
    message: `${name}: ${SENTENCES[reason](most)}`,
    hint: 'raise spec.limits of a TrafficPolicy for the service, or give it more endpoints',
    reason: `overflow-${reason}`,
  });
}

const SENTENCES: Readonly<Record<OverflowReason, (most: number) => string>> = {
  connections: (most) => `expected at most ${most} connections, and another was needed`,
  'pending-requests': (most) => `expected at most ${most} waiting requests, and another came`,
  'pending-time': (most) => `expected room for a request within ${most} ms, got none`,
  'active-retries': (most) => `expected at most ${most} retries at once, and another was due`,
};
