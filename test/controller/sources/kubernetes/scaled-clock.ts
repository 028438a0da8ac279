import type { Clock } from '../../../../src/base/index.ts';

export interface ScaledClock extends Clock {
  /** Timers that are set. */
  readonly pending: number;
}

/** Time that runs so many times as fast, so that the waits of a real cluster pass while real sockets are at work. */
export function createScaledClock(times: number): ScaledClock {
  const startMs = performance.now();
  const handles = new Set<NodeJS.Timeout>();
  const monotonic = (): number => (performance.now() - startMs) * times;
  return {
    monotonic,
    now: () => Date.UTC(2030, 0, 1) + monotonic(),
    after(delayMs, action) {
      const handle = setTimeout(() => {
        handles.delete(handle);
        action();
      }, delayMs / times);
      handles.add(handle);
      return {
        cancel() {
          clearTimeout(handle);
          handles.delete(handle);
        },
      };
    },
    get pending() {
      return handles.size;
    },
  };
}
