import type { Clock } from './clock.ts';

/**
 * Whether one more line may be logged of what strangers can cause as often as they like. The period begins with its first
 * line; at its end `onPassedOver` is told how many were not logged, if any.
 */
export function createLineBudget(options: {
  readonly lines: number;
  readonly periodMs: number;
  readonly clock: Clock;
  readonly onPassedOver: (count: number) => void;
}): () => boolean {
  const { lines, periodMs, clock, onPassedOver } = options;
  let asked = 0;

  function endPeriod(): void {
    const passedOver = Math.max(0, asked - lines);
    asked = 0;
    if (passedOver > 0) onPassedOver(passedOver);
  }

  return () => {
    if (asked === 0) clock.after(periodMs, endPeriod);
    asked += 1;
    return asked <= lines;
  };
}
