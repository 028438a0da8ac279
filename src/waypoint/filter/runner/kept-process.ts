import type { Clock } from '../../../base/index.ts';
import type { FilterProcess } from '../process/filter-process.ts';

/** A process with those that count on it: requests whose answers it is to see too. */
export interface KeptProcess {
  readonly process: FilterProcess;
  readonly isAlive: boolean;
  enter(): void;
  leave(): void;
  /** Another takes its place: it ends when nobody counts on it, or after a while. Resolves when it is gone. */
  retire(): Promise<void>;
}

/** Owns the process: `retire` closes it when nobody counts on it any more. */
export function keepProcess(process: FilterProcess, clock: Clock): KeptProcess {
  const { promise: empty, resolve: onEmpty } = Promise.withResolvers<void>();
  let inside = 0;
  let isAlive = true;
  let isRetired = false;
  void process.ended.then(() => {
    isAlive = false;
    onEmpty();
  });
  return {
    process,
    get isAlive() {
      return isAlive;
    },
    enter() {
      inside += 1;
    },
    leave() {
      inside -= 1;
      if (isRetired && inside === 0) onEmpty();
    },
    async retire() {
      isRetired = true;
      if (inside === 0) onEmpty();
      const timer = clock.after(LONGEST_RETREAT_MS, () => process.destroy());
      await empty;
      await process.close();
      timer.cancel();
    },
  };
}

const LONGEST_RETREAT_MS = 60_000;
