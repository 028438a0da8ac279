import type { Clock, Timer } from '../../base/index.ts';

/** Time that is not waited for: once nothing else happens, the next timer is due. */
export interface SkippingClock extends Clock {
  /** Milliseconds that were skipped. */
  readonly skippedMs: number;
  /** Settles as `work` does, which may wait for timers of this clock. */
  run<T>(work: Promise<T>): Promise<T>;
}

interface Pending {
  readonly dueMs: number;
  readonly action: () => void;
}

/** `nowMs`: milliseconds since 1970 at which it begins. */
export function createSkippingClock(nowMs: number): SkippingClock {
  const pending = new Set<Pending>();
  let skippedMs = 0;

  function skipToNext(): void {
    const [next] = [...pending].sort((a, b) => a.dueMs - b.dueMs);
    if (next === undefined) return;
    pending.delete(next);
    skippedMs = Math.max(skippedMs, next.dueMs);
    next.action();
  }

  return {
    now: () => nowMs + skippedMs,
    monotonic: () => skippedMs,
    after(delayMs, action): Timer {
      const timer = { dueMs: skippedMs + delayMs, action };
      pending.add(timer);
      return { cancel: () => void pending.delete(timer) };
    },
    get skippedMs() {
      return skippedMs;
    },
    async run(work) {
      let isSettled = false;
      const done = (): void => {
        isSettled = true;
      };
      work.then(done, done);
      while (!isSettled) {
        await idle(work);
        if (!isSettled) skipToNext();
      }
      return work;
    },
  };
}

/** A while in which a signature can be checked: that is all that work here waits for beside time. */
async function idle(work: Promise<unknown>): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, IDLE_MS);
  const done = (): void => resolve();
  await Promise.race([work.then(done, done), promise]);
  clearTimeout(timer);
}

const IDLE_MS = 50;
