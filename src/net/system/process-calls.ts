import { bindFunction, checkResult } from './libc.ts';

/** What the kernel limits for each process (getrlimit(2)); the numbers are the same on every architecture Node runs on. */
export const PROCESS_LIMITS = {
  /** Bytes of a file that may be written. */
  fileSize: 1,
  /** Bytes of private writable memory, mapped or not yet touched. */
  dataBytes: 2,
  /** Bytes of a core dump. */
  coreSize: 4,
  /** One more than the highest file descriptor that may be opened. */
  descriptors: 7,
} as const;

/** A name in PROCESS_LIMITS. */
export type ProcessLimit = keyof typeof PROCESS_LIMITS;

/** Sets the soft and the hard limit of a process. */
export function setProcessLimit(pid: number, limit: ProcessLimit, value: number): void {
  const both = new BigUint64Array([BigInt(value), BigInt(value)]);
  const bytes = new Uint8Array(both.buffer);
  checkResult(prlimit(pid, PROCESS_LIMITS[limit], bytes, null), `prlimit of process ${pid}`);
}

const prlimit = bindFunction('int prlimit(int pid, int resource, const void *new_limit, void *old_limit)');
