import { readFileSync, writeFileSync } from 'node:fs';
import { errnoOf } from '../../base/index.ts';
import { errorFromErrno } from '../errors.ts';
import { setProcessLimit } from '../system/process-calls.ts';

/** What may still be chosen of the limits; the rest is always the same. */
export interface ProcessLimits {
  /** Memory that the process may take beside what it has now. */
  readonly moreBytes: number;
}

/**
 * Takes from a process of ours what it needs no more once it runs: it can open no further file, socket or pipe (those that
 * are open stay so), write to no file, leave no core, and not grow beyond its memory; and it is the first that the kernel ends when memory
 * is short. It cannot undo this. Throws NetError.
 */
export function limitProcess(pid: number, { moreBytes }: ProcessLimits): void {
  setProcessLimit(pid, 'dataBytes', dataBytesOf(pid) + moreBytes);
  setProcessLimit(pid, 'coreSize', 0);
  setProcessLimit(pid, 'fileSize', 0);
  writeProcessFile(pid, 'oom_score_adj', '1000');
  setProcessLimit(pid, 'descriptors', 0);
}

/** What counts against the limit now. */
function dataBytesOf(pid: number): number {
  const path = `/proc/${pid}/status`;
  try {
    const kibibytes = /^VmData:\s*(\d+) kB$/m.exec(readFileSync(path, 'utf8'))?.[1];
    return Number(kibibytes ?? 0) * 1024;
  } catch (error) {
    throw errorFromErrno(errnoOf(error) ?? 'ENOENT', `reading ${path}`, { cause: error });
  }
}

function writeProcessFile(pid: number, name: string, text: string): void {
  const path = `/proc/${pid}/${name}`;
  try {
    writeFileSync(path, text);
  } catch (error) {
    throw errorFromErrno(errnoOf(error) ?? 'ENOENT', `writing ${path}`, { cause: error });
  }
}
