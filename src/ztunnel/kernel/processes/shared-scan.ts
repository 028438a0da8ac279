import { type Clock, sleep } from '../../../base/index.ts';
import { type ProcessScan, scanProcesses } from './process-scan.ts';

/** Looks at the machine's processes on behalf of all who wait for one of them. */
export interface SharedScan {
  /** What a look that began after this call found. Rejects with NetError. */
  look(uid: string): Promise<ProcessScan>;
}

/**
 * One look serves all that ask before it begins, and none begins while nobody asks. Between two of them passes a multiple of
 * what the last one took, so that looking never takes more than a share of a processor.
 */
export function createSharedScan(proc: string, clock: Clock): SharedScan {
  let next: { readonly uids: Set<string>; readonly scan: Promise<ProcessScan> } | undefined;
  let rested: Promise<void> = Promise.resolve();

  function plan(): { readonly uids: Set<string>; readonly scan: Promise<ProcessScan> } {
    const uids = new Set<string>();
    let tookMs = 0;
    const scan = rested.then(async () => {
      next = undefined;
      const startedMs = clock.monotonic();
      try {
        return await scanProcesses(proc, uids);
      } finally {
        tookMs = clock.monotonic() - startedMs;
      }
    });
    const rest = (): Promise<void> => sleep(clock, tookMs * REST);
    rested = scan.then(rest, rest);
    return { uids, scan };
  }

  return {
    look(uid) {
      next ??= plan();
      next.uids.add(uid);
      return next.scan;
    },
  };
}

/** One part looking, four parts at rest. */
const REST = 4;
