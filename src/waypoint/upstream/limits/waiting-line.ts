import type { Clock } from '../../../base/index.ts';

/** First come, first served. */
export interface WaitingLine {
  readonly length: number;
  /**
   * True when its turn came, false when the time was up. Rejects with the signal's reason when that aborts. `take` is asked
   * when it is first in the line and something has become free; it takes what it waited for, or says that it is not enough.
   */
  wait(place: WaitingPlace): Promise<boolean>;
  /** Something has become free for those who have waited longest. */
  serve(): void;
}

/** Who waits, for how long at most, and how its turn is taken. `take` says whether there was room. */
export interface WaitingPlace {
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  take(): boolean;
}

/** Nobody waits. `wait` resolves with false when the time is up, and rejects with the abort's reason. */
export function createWaitingLine(clock: Clock): WaitingLine {
  const waiting = new Map<WaitingPlace, () => void>();
  let serving = false;
  let again = false;

  function serveAll(): void {
    for (const [place, called] of waiting) {
      if (!place.take()) return;
      called();
    }
  }

  return {
    get length() {
      return waiting.size;
    },
    wait(place) {
      const { timeoutMs, signal } = place;
      return new Promise((resolve, reject) => {
        if (signal.aborted) {
          reject(signal.reason);
          return;
        }
        const leave = (): void => {
          waiting.delete(place);
          timer.cancel();
          signal.removeEventListener('abort', onAbort);
        };
        const called = (): void => {
          leave();
          resolve(true);
        };
        const onAbort = (): void => {
          leave();
          reject(signal.reason);
        };
        const timer = clock.after(timeoutMs, () => {
          leave();
          resolve(false);
        });
        signal.addEventListener('abort', onAbort, { once: true });
        waiting.set(place, called);
      });
    },
    serve() {
      // Taking something may set something else free: nobody must be asked again while being asked.
      again = true;
      if (serving) return;
      serving = true;
      while (again) {
        again = false;
        serveAll();
      }
      serving = false;
    },
  };
}
