import type { Clock, Timer } from '../../base/index.ts';
import { ApiRefusal } from './problem.ts';

/**
 * How much of the process people may have that look at it: it carries traffic in the same thread. Half a second of work can be had
 * at once, which opens all pages there are, and a quarter of the time in the long run.
 */
export interface WorkBudget {
  /** True while there is nothing left. */
  readonly isSpent: boolean;
  /** Resolves when there is something left, first come, first served. Rejects with ApiRefusal when too many wait already. */
  turn(): Promise<void>;
  /** Does the work, and takes the time of it off the budget. */
  spend<T>(work: () => T): T;
  /** Nobody waits any more. */
  destroy(): void;
}

/** Begins full. */
export function createWorkBudget(clock: Clock): WorkBudget {
  let leftMs = MOST_MS;
  let countedMs = clock.monotonic();
  let timer: Timer | undefined;
  const waiting: (() => void)[] = [];

  const refill = (): number => {
    const nowMs = clock.monotonic();
    leftMs = Math.min(MOST_MS, leftMs + (nowMs - countedMs) * SHARE);
    countedMs = nowMs;
    return leftMs;
  };
  /** One at a time: each may spend all that there is. */
  const wait = (): void => {
    timer ??= clock.after(Math.max(1, (1 - refill()) / SHARE), () => {
      timer = undefined;
      if (refill() > 0) waiting.shift()?.();
      if (waiting.length > 0) wait();
    });
  };

  return {
    get isSpent() {
      return waiting.length > 0 || refill() <= 0;
    },
    turn() {
      if (waiting.length === 0 && refill() > 0) return Promise.resolve();
      if (waiting.length >= MOST_WAITING) throw busy();
      return new Promise((resolve) => {
        waiting.push(resolve);
        wait();
      });
    },
    spend(work) {
      const beganMs = clock.monotonic();
      try {
        return work();
      } finally {
        leftMs -= clock.monotonic() - beganMs;
      }
    },
    destroy() {
      timer?.cancel();
      for (const resolve of waiting.splice(0)) resolve();
    },
  };
}

function busy(): ApiRefusal {
  return new ApiRefusal({
    status: 503,
    code: 'ERR_TELEMETRY_API_BUSY',
    message: `${MOST_WAITING} requests wait for their turn, and no more may`,
    hint: 'ask less often; the live feed tells what changes',
    headers: { 'retry-after': '1' },
  });
}

const MOST_MS = 500;
const SHARE = 0.25;
const MOST_WAITING = 64;
