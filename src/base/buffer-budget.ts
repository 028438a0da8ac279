/** Counts one workload's unread bytes. Sessions and streams of a workload share one account. */
export interface BufferAccount {
  readonly usedBytes: number;
  /** 0 while there is plenty, up to 1 at the cap of the workload or process, whichever is nearer. May pass 1. */
  readonly pressure: number;
  /** Negative when bytes are read or thrown away. */
  add(bytes: number): void;
}

/** One process's cap on bytes received and not yet read, and each workload's share of it. */
export interface BufferBudget {
  readonly usedBytes: number;
  /** A new account; it needs no release, since it holds nothing once its bytes are gone. */
  account(): BufferAccount;
}

/** Caps at which `pressure` is 1. Nothing is refused at them: whoever reads an account decides what pressure means. */
export interface BufferBudgetOptions {
  /** Default 256 MiB. */
  readonly processCapBytes?: number;
  /** Default 64 MiB. */
  readonly workloadCapBytes?: number;
}

/** An empty budget, one for a process. Accounts need no closing: whoever adds bytes takes them off again. */
export function createBufferBudget(options: BufferBudgetOptions = {}): BufferBudget {
  const processCapBytes = options.processCapBytes ?? DEFAULT_PROCESS_CAP_BYTES;
  const workloadCapBytes = options.workloadCapBytes ?? DEFAULT_WORKLOAD_CAP_BYTES;
  let processUsedBytes = 0;
  return {
    get usedBytes() {
      return processUsedBytes;
    },
    account() {
      let usedBytes = 0;
      return {
        get usedBytes() {
          return usedBytes;
        },
        get pressure() {
          return Math.max(usedBytes / workloadCapBytes, processUsedBytes / processCapBytes);
        },
        add(bytes) {
          usedBytes += bytes;
          processUsedBytes += bytes;
        },
      };
    },
  };
}

const DEFAULT_PROCESS_CAP_BYTES = 256 * 1024 * 1024;
const DEFAULT_WORKLOAD_CAP_BYTES = 64 * 1024 * 1024;
