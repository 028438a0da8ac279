import type { Clock } from '../../base/index.ts';
import { type FetchPriority, moreUrgent } from './fetch-queue.ts';

/** Those who wait for one thing to come, each with its own patience. */
export interface Waiters<T> {
  readonly size: number;
  /** Of the most urgent one; undefined when nobody waits. */
  readonly priority: FetchPriority | undefined;
  /** Rejects with `late()` after `patienceMs`, or with the signal's reason. */
  wait(options: {
    readonly priority: FetchPriority;
    readonly patienceMs: number;
    readonly late: () => Error;
    readonly signal?: AbortSignal | undefined;
  }): Promise<T>;
  resolveAll(value: T): void;
  rejectAll(reason: unknown): void;
}

/** `onLeave` is called when a waiter gave up, after it was taken out. */
export function createWaiters<T>(clock: Clock, onLeave: () => void): Waiters<T> {
  interface Waiter {
    readonly priority: FetchPriority;
    readonly settle: (
      outcome: (resolve: (value: T) => void, reject: (reason: unknown) => void) => void,
    ) => void;
  }
  const waiters = new Set<Waiter>();
  const settleAll = (outcome: Parameters<Waiter['settle']>[0]): void => {
    for (const waiter of [...waiters]) waiter.settle(outcome);
  };
  return {
    get size() {
      return waiters.size;
    },
    get priority() {
      return [...waiters]
        .map((waiter) => waiter.priority)
        .reduce<FetchPriority | undefined>(
          (best, one) => (best === undefined ? one : moreUrgent(best, one)),
          undefined,
        );
    },
    wait({ priority, patienceMs, late, signal }) {
      return new Promise<T>((resolve, reject) => {
        if (signal?.aborted) {
          reject(signal.reason);
          return;
        }
        const waiter: Waiter = {
          priority,
          settle(outcome) {
            waiters.delete(waiter);
            timer.cancel();
            signal?.removeEventListener('abort', onAbort);
            outcome(resolve, reject);
          },
        };
        const leave = (reason: unknown): void => {
          waiter.settle((_resolve, fail) => fail(reason));
          onLeave();
        };
        const onAbort = (): void => leave(signal?.reason);
        const timer = clock.after(patienceMs, () => leave(late()));
        signal?.addEventListener('abort', onAbort, { once: true });
        waiters.add(waiter);
      });
    },
    resolveAll: (value) => settleAll((resolve) => resolve(value)),
    rejectAll: (reason) => settleAll((_resolve, reject) => reject(reason)),
  };
}
