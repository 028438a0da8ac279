import type { Clock } from '../../../../base/index.ts';

/** The sum of what was added during the last interval, in steps of a tenth of it. */
export interface SlidingSum {
  readonly intervalMs: number;
  add(amount: number): void;
  total(): number;
}

/** 0 at first. Old amounts go when somebody asks; there is no timer. */
export function createSlidingSum(clock: Clock, intervalMs: number): SlidingSum {
  const stepMs = intervalMs / STEPS;
  const amounts = new Array<number>(STEPS).fill(0);
  let current = 0;
  let sum = 0;

  /** Empties the steps that have come round again. */
  function forget(): void {
    const now = Math.floor(clock.monotonic() / stepMs);
    if (now - current >= STEPS) {
      amounts.fill(0);
      sum = 0;
    } else {
      for (let step = current + 1; step <= now; step++) {
        sum -= amounts[step % STEPS] ?? 0;
        amounts[step % STEPS] = 0;
      }
    }
    current = now;
  }

  return {
    intervalMs,
    add(amount) {
      forget();
      amounts[current % STEPS] = (amounts[current % STEPS] ?? 0) + amount;
      sum += amount;
    },
    total() {
      forget();
      return sum;
    },
  };
}

const STEPS = 10;
