/** Why a certificate is wanted, the most urgent first: a connection waits for it, a pod is here, or it is merely due. */
export type FetchPriority = 'connection' | 'warm' | 'background';

/** Runs a few jobs at once, the most urgent first, and within one urgency in the order they came. */
export interface FetchQueue {
  /** Adds a job, or raises the one with this key that still waits. A job must not throw. */
  add(key: string, priority: FetchPriority, job: () => Promise<void>): void;
  /** Takes out a job that still waits. */
  remove(key: string): void;
  clear(): void;
  readonly running: number;
  readonly waiting: number;
}

/** `concurrency` is how many jobs run at once. */
export function createFetchQueue(concurrency: number): FetchQueue {
  const waiting = new Map<FetchPriority, Map<string, () => Promise<void>>>(
    PRIORITIES.map((priority) => [priority, new Map()]),
  );
  let running = 0;
  const lane = (priority: FetchPriority) => waiting.get(priority) ?? new Map<string, () => Promise<void>>();
  const takeNext = (): (() => Promise<void>) | undefined => {
    for (const priority of PRIORITIES) {
      for (const [key, job] of lane(priority)) {
        lane(priority).delete(key);
        return job;
      }
    }
    return undefined;
  };
  const pump = (): void => {
    while (running < concurrency) {
      const job = takeNext();
      if (job === undefined) return;
      running += 1;
      void job().finally(() => {
        running -= 1;
        pump();
      });
    }
  };
  const queue: FetchQueue = {
    add(key, priority, job) {
      const present = PRIORITIES.find((candidate) => lane(candidate).has(key));
      if (present !== undefined && urgency(present) <= urgency(priority)) return;
      queue.remove(key);
      lane(priority).set(key, job);
      pump();
    },
    remove(key) {
      for (const priority of PRIORITIES) lane(priority).delete(key);
    },
    clear() {
      for (const priority of PRIORITIES) lane(priority).clear();
    },
    get running() {
      return running;
    },
    get waiting() {
      return PRIORITIES.reduce((sum, priority) => sum + lane(priority).size, 0);
    },
  };
  return queue;
}

/** The more urgent of two. */
export function moreUrgent(a: FetchPriority, b: FetchPriority): FetchPriority {
  return urgency(a) <= urgency(b) ? a : b;
}

function urgency(priority: FetchPriority): number {
  return PRIORITIES.indexOf(priority);
}

const PRIORITIES: readonly FetchPriority[] = ['connection', 'warm', 'background'];
