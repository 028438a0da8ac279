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

/**
 * Runs `action` once the clock shows `timeMs` or later, or, where it is set back, less than `earliestMs` (default: never for
 * that). Up to a minute late, but also where the clock was set or the machine slept: a timer alone counts neither, so that
 * what holds until a certain time must not be left to one.
 */
export function atTime(
  clock: Clock,
  timeMs: number,
  action: () => void,
  earliestMs = Number.NEGATIVE_INFINITY,
): Timer {
  let timer: Timer;
  const look = (): void => {
    const nowMs = clock.now();
    if (nowMs >= timeMs || nowMs < earliestMs) action();
    else arm();
  };
  const arm = (): void => {
    const leftMs = Math.max(0, timeMs - clock.now());
    timer = clock.after(Math.min(leftMs, LONGEST_BETWEEN_LOOKS_MS), look);
  };
  arm();
  return { cancel: () => timer.cancel() };
}

const LONGEST_BETWEEN_LOOKS_MS = 60_000;

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
