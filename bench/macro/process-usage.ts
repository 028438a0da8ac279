import { readdirSync, readFileSync } from 'node:fs';

/** Kernel clock ticks per second on every Linux that Node runs on (USER_HZ). */
const TICKS_PER_SECOND = 100;

/** Processes of this machine, also in other pid namespaces, whose command line has all of `words`. */
export function findProcesses(...words: readonly string[]): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => pid !== process.pid && words.every((word) => readProc(pid, 'cmdline').includes(word)));
}

/** User and system time that the processes have used so far, in seconds. */
export function cpuSeconds(pids: readonly number[]): number {
  let ticks = 0;
  for (const pid of pids) {
    // The name in parentheses may hold spaces; utime and stime are the 12th and 13th fields behind it (proc(5)).
    const fields = readProc(pid, 'stat')
      .replace(/^.*\) /, '')
      .split(' ');
    ticks += Number(fields[11] ?? 0) + Number(fields[12] ?? 0);
  }
  return ticks / TICKS_PER_SECOND;
}

/** Resident memory in MiB, of the largest of the processes. */
export function largestResidentMebibytes(pids: readonly number[]): number {
  const kibibytes = pids.map((pid) => Number(/VmRSS:\s+(\d+)/.exec(readProc(pid, 'status'))?.[1] ?? 0));
  return Math.round(Math.max(0, ...kibibytes) / 1024);
}

/** A process may end between the listing and the look at it: then it has no text. */
function readProc(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'latin1').replaceAll('\0', ' ');
  } catch {
    return '';
  }
}
