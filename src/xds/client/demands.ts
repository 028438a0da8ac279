import type { DeltaResponse } from '../messages.ts';

/** Names that are asked for one by one, and who waits for their answers (wire.md §2.5). One per on-demand type. */
export interface Demands {
  /** Everything asked for so far: subscribed again on each stream. */
  readonly names: ReadonlySet<string>;
  /** True when the name was not asked for before and has to be subscribed to. */
  add(name: string): boolean;
  /** Drops the interest; true when there was any. */
  remove(name: string): boolean;
  /** Resolves when an answer for the name has been applied, be it "there is none". Rejects when the signal aborts. */
  answered(name: string, signal: AbortSignal | undefined): Promise<void>;
  settle(response: DeltaResponse): void;
  fail(error: Error): void;
}

interface Waiter {
  resolve(): void;
  reject(reason: unknown): void;
}

/** Nothing is asked for yet. */
export function createDemands(): Demands {
  const names = new Set<string>();
  const answeredNames = new Set<string>();
  const waiting = new Map<string, Set<Waiter>>();

  const settleName = (name: string): void => {
    if (names.has(name)) answeredNames.add(name);
    const waiters = waiting.get(name);
    waiting.delete(name);
    for (const waiter of waiters ?? []) waiter.resolve();
  };

  return {
    names,
    add(name) {
      if (names.has(name)) return false;
      names.add(name);
      return true;
    },
    remove(name) {
      answeredNames.delete(name);
      return names.delete(name);
    },
    answered(name, signal) {
      if (answeredNames.has(name)) return Promise.resolve();
      if (signal?.aborted) return Promise.reject(signal.reason);
      return new Promise((resolve, reject) => {
        const waiters = waiting.get(name) ?? new Set<Waiter>();
        waiting.set(name, waiters);
        const onAbort = (): void => {
          waiters.delete(waiter);
          if (waiters.size === 0 && waiting.get(name) === waiters) waiting.delete(name);
          reject(signal?.reason);
        };
        const waiter: Waiter = {
          resolve() {
            signal?.removeEventListener('abort', onAbort);
            resolve();
          },
          reject(reason) {
            signal?.removeEventListener('abort', onAbort);
            reject(reason);
          },
        };
        waiters.add(waiter);
        signal?.addEventListener('abort', onAbort, { once: true });
      });
    },
    settle(response) {
      for (const resource of response.resources) {
        settleName(resource.name);
        for (const alias of resource.aliases) settleName(alias);
      }
      for (const name of response.removed) settleName(name);
    },
    fail(error) {
      const all = [...waiting.values()];
      waiting.clear();
      for (const waiters of all) for (const waiter of waiters) waiter.reject(error);
    },
  };
}
