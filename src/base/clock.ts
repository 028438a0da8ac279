/** A timer that has been set. Cancelling one that fired, or cancelling twice, does nothing. */
export interface Timer {
  cancel(): void;
}

/** Time, injected wherever it decides something, so that tests can move it. */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number;
  /** Milliseconds of a clock that never jumps; for durations only. */
  monotonic(): number;
  /** Runs `action` once after `delayMs`. The timer never keeps the process alive by itself. */
  after(delayMs: number, action: () => void): Timer;
}

/** setTimeout fires at once for anything longer than this; longer waits are cut into hops. */
const LONGEST_TIMEOUT_MS = 0x7fff_ffff;

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(delayMs, action) {
    let handle: NodeJS.Timeout;
    const arm = (remainingMs: number): void => {
      const hopMs = Math.min(Math.max(0, remainingMs), LONGEST_TIMEOUT_MS);
      handle = setTimeout(() => (remainingMs > hopMs ? arm(remainingMs - hopMs) : action()), hopMs);
      handle.unref();
    };
    arm(delayMs);
    return { cancel: () => clearTimeout(handle) };
  },
};

/** Resolves after `delayMs`, or rejects with the signal's reason as soon as that aborts. Keeps no process alive. */
export function sleep(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason);
      return;
    }
    const onAbort = (): void => {
      timer.cancel();
      reject(signal?.reason);
    };
    const timer = clock.after(delayMs, () => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    });
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}
