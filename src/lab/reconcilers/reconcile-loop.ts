import { describeError, type Logger } from '../../base/index.ts';
import type { ObjectStore, StoreChange } from '../cluster/index.ts';

/** A loop that runs. */
export interface ReconcileLoop {
  /** Stops reacting to changes. */
  close(): void;
}

/** What is brought nearer to what is asked for, and by what. */
export interface ReconcileLoopOptions {
  readonly name: string;
  readonly store: ObjectStore;
  readonly log: Logger;
  /** The keys of what a change may concern. */
  readonly concerns: (change: StoreChange) => Iterable<string>;
  /** Brings the world nearer to what the objects ask for. Called again whenever something it reads has changed. */
  readonly reconcile: (key: string) => void;
}

const RETRY_MS = 500;

/** Level-triggered: a key stands for "look at this again", however many changes led to it. */
export function startReconcileLoop(options: ReconcileLoopOptions): ReconcileLoop {
  const queue = new Set<string>();
  const timers = new Set<NodeJS.Timeout>();
  let scheduled = false;
  let open = true;
  const add = (key: string): void => {
    queue.add(key);
    if (scheduled) return;
    scheduled = true;
    setImmediate(run);
  };
  const run = (): void => {
    scheduled = false;
    const keys = [...queue];
    queue.clear();
    for (const key of keys) {
      if (!open) return;
      try {
        options.reconcile(key);
      } catch (error) {
        options.log.error('reconcile failed', { loop: options.name, key, error: describeError(error) });
        const timer = setTimeout(() => {
          timers.delete(timer);
          add(key);
        }, RETRY_MS);
        timers.add(timer);
      }
    }
  };
  const unsubscribe = options.store.changes.subscribe((change) => {
    for (const key of options.concerns(change)) add(key);
  });
  return {
    close() {
      open = false;
      unsubscribe();
      for (const timer of timers) clearTimeout(timer);
    },
  };
}

/** `namespace/name`, as loops key objects. */
export function keyOf(object: {
  readonly metadata: { readonly namespace: string; readonly name: string };
}): string {
  return `${object.metadata.namespace}/${object.metadata.name}`;
}

/** What `keyOf` has put together. */
export function splitKey(key: string): readonly [namespace: string, name: string] {
  const slash = key.indexOf('/');
  return [key.slice(0, slash), key.slice(slash + 1)];
}
