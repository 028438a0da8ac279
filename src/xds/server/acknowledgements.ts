import { type Clock, sleep } from '../../base/index.ts';
import type { Change } from './snapshot/snapshot-cache.ts';
import type { RequestOutcome, Subscription } from './subscription.ts';

/** How long to wait at most. */
export interface AcknowledgementOptions {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** Who waits until proxies have a change. */
export interface Acknowledgements {
  readonly waiting: number;
  /**
   * Resolves true once each of `subscriptions` has acknowledged all that concerns it up to `change`, or has gone;
   * false when one refuses it, on timeout, and when the signal aborts.
   */
  wait(
    change: Change,
    subscriptions: Iterable<Subscription>,
    options: AcknowledgementOptions,
  ): Promise<boolean>;
  answered(subscription: Subscription, outcome: RequestOutcome): void;
  /** A stream that ended is waited for no longer: its successor starts with what is true by then. */
  gone(subscription: Subscription): void;
}

interface Waiter {
  readonly change: Change;
  readonly remaining: Set<Subscription>;
  settle(result: boolean): void;
}

/** Nobody waits yet. No answer in time is no acknowledgement: `wait` resolves with false then, and rejects never. */
export function createAcknowledgements(clock: Clock): Acknowledgements {
  const waiters = new Set<Waiter>();
  const drop = (waiter: Waiter, subscription: Subscription): void => {
    if (waiter.remaining.delete(subscription) && waiter.remaining.size === 0) waiter.settle(true);
  };
  return {
    get waiting() {
      return waiters.size;
    },
    async wait(change, subscriptions, options) {
      const remaining = new Set<Subscription>();
      for (const subscription of subscriptions)
        if (!subscription.caughtUp(change.sequence)) remaining.add(subscription);
      if (remaining.size === 0) return true;
      const stop = new AbortController();
      const signal = options.signal ? AbortSignal.any([stop.signal, options.signal]) : stop.signal;
      return new Promise((resolve) => {
        const waiter: Waiter = {
          change,
          remaining,
          settle(result) {
            if (!waiters.delete(waiter)) return;
            resolve(result);
            stop.abort();
          },
        };
        waiters.add(waiter);
        // Both ends of the wait that are not an answer mean the same: nobody can say that the change is in force.
        const giveUp = (): void => waiter.settle(false);
        sleep(clock, options.timeoutMs, signal).then(giveUp, giveUp);
      });
    },
    answered(subscription, outcome) {
      for (const waiter of waiters) {
        if (!waiter.remaining.has(subscription)) continue;
        if (outcome.kind === 'rejected' && outcome.since <= waiter.change.sequence) waiter.settle(false);
        else if (subscription.caughtUp(waiter.change.sequence)) drop(waiter, subscription);
      }
    },
    gone(subscription) {
      for (const waiter of waiters) drop(waiter, subscription);
    },
  };
}
