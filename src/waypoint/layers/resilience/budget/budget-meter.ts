import type { Clock } from '../../../../base/index.ts';
import type { RetryBudget } from '../../../../model/index.ts';
import { createSlidingSum } from './sliding-sum.ts';

/** What requests have earned and retries have spent, of the last interval. */
export interface BudgetMeter {
  /** A request was sent, which earns a part of a retry. */
  earn(percent: number): void;
  /** Whether one more retry is earned, or within the minimum rate where that allows more. */
  affords(): boolean;
  spend(): void;
  /** Nothing is remembered any more. */
  isIdle(): boolean;
}

/**
 * Earnings and spendings are forgotten in the same steps, and nothing is spent before it is earned: so retries stay within
 * their share over any length of time, and not in each interval alone.
 */
export function createBudgetMeter(clock: Clock, budget: RetryBudget): BudgetMeter {
  const { intervalMs, minimumRetries, minimumIntervalMs } = budget;
  /** In hundredths of a retry, to stay whole. */
  const earned = createSlidingSum(clock, intervalMs);
  const spent = createSlidingSum(clock, intervalMs);
  const spentLately = createSlidingSum(clock, minimumIntervalMs);
  const minimumPerInterval = (minimumRetries * intervalMs) / minimumIntervalMs;
  return {
    earn: (percent) => earned.add(percent),
    affords() {
      const spending = spent.total() + 1;
      if (spending * 100 <= earned.total()) return true;
      return spending <= minimumPerInterval && spentLately.total() + 1 <= minimumRetries;
    },
    spend() {
      spent.add(1);
      spentLately.add(1);
    },
    isIdle: () => earned.total() === 0 && spent.total() === 0 && spentLately.total() === 0,
  };
}
