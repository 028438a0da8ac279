import type { Clock } from '../../src/base/index.ts';

export interface FakeClock extends Clock {
  /** Moves time forward and fires what falls due, in order, letting promises settle after each. */
  advance(ms: number): Promise<void>;
  /** Sets the clock, as NTP does and as a machine finds it that has slept: timers and the monotonic clock take no notice. */
  set(byMs: number): void;
  /** How many timers are set; a test that ends with some has leaked them. */
  readonly pending: number;
}

/** Time that moves only when a test says so. */
export function createFakeClock(startMs = Date.UTC(2030, 0, 1)): FakeClock {
  const timers = new Set<{ dueMs: number; action: () => void }>();
  let nowMs = startMs;
  let setByMs = 0;
  const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  return {
    now: () => nowMs + setByMs,
    monotonic: () => nowMs - startMs,
    after(delayMs, action) {
      const timer = { dueMs: nowMs + Math.max(0, delayMs), action };
      timers.add(timer);
      return { cancel: () => timers.delete(timer) };
    },
    async advance(ms) {
      const targetMs = nowMs + ms;
      await settle();
      for (;;) {
        const [next] = [...timers]
          .filter((timer) => timer.dueMs <= targetMs)
          .sort((a, b) => a.dueMs - b.dueMs);
        if (next === undefined) break;
        timers.delete(next);
        nowMs = Math.max(nowMs, next.dueMs);
        next.action();
        await settle();
      }
      nowMs = targetMs;
      await settle();
    },
    set(byMs) {
      setByMs += byMs;
    },
    get pending() {
      return timers.size;
    },
  };
}
