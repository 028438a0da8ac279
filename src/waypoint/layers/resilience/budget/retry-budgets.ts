import type { Clock } from '../../../../base/index.ts';
import type { RetryBudget } from '../../../../model/index.ts';
import { type BudgetMeter, createBudgetMeter } from './budget-meter.ts';

/** How many retries there may be: of each backend, and of the process as a whole. */
export interface RetryBudgets {
  /** A request goes to a backend for the first time. */
  noteRequest(backend: string, budget: RetryBudget): void;
  /** Takes one retry from both budgets; false, and nothing taken, when one of them has none left. */
  take(backend: string, budget: RetryBudget): boolean;
}

/**
 * Each request earns what the budget of its backend says, for that backend and for the process. `process` says how long the
 * process remembers, and its minimum rate, which all backends share; so many backends that fail at little traffic are
 * together no heavier than one.
 */
export function createRetryBudgets(clock: Clock, process: RetryBudget): RetryBudgets {
  const ofProcess = createBudgetMeter(clock, process);
  const ofBackends = new Map<string, { readonly budget: RetryBudget; readonly meter: BudgetMeter }>();
  let sweepAt = SWEEP_FROM;

  function meterOf(backend: string, budget: RetryBudget): BudgetMeter {
    const known = ofBackends.get(backend);
    if (known !== undefined && sameTimes(known.budget, budget)) return known.meter;
    if (ofBackends.size >= sweepAt) sweep();
    const meter = createBudgetMeter(clock, budget);
    ofBackends.set(backend, { budget, meter });
    return meter;
  }
  /** Backends come and go; doubling keeps this cheap where very many are busy at once. */
  function sweep(): void {
    for (const [backend, { meter }] of ofBackends) if (meter.isIdle()) ofBackends.delete(backend);
    sweepAt = Math.max(SWEEP_FROM, ofBackends.size * 2);
  }

  return {
    noteRequest(backend, budget) {
      meterOf(backend, budget).earn(budget.percent);
      ofProcess.earn(budget.percent);
    },
    take(backend, budget) {
      const meter = meterOf(backend, budget);
      if (!meter.affords() || !ofProcess.affords()) return false;
      meter.spend();
      ofProcess.spend();
      return true;
    },
  };
}

function sameTimes(a: RetryBudget, b: RetryBudget): boolean {
  return (
    a === b ||
    (a.intervalMs === b.intervalMs &&
      a.minimumRetries === b.minimumRetries &&
      a.minimumIntervalMs === b.minimumIntervalMs)
  );
}

const SWEEP_FROM = 1_024;
