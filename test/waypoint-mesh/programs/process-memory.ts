// Memory of the program of this pod: `node process-memory.ts`, run in a container of it. Prints one JSON line, in MiB.
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** Pods of a lab share a process namespace; what is in this network namespace is of this pod. */
function isOfThisPod(pid: string): boolean {
  try {
    return readlinkSync(`/proc/${pid}/ns/net`) === readlinkSync('/proc/self/ns/net');
  } catch {
    return false; // it has ended
  }
}

function mebibytes(status: string, field: string): number {
  return Math.round(Number(new RegExp(`${field}:\\s+(\\d+)`).exec(status)?.[1] ?? 0) / 1024);
}

const found = readdirSync('/proc')
  .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid && isOfThisPod(name))
  .map((pid) => readFileSync(`/proc/${pid}/status`, 'utf8'))
  .map((status) => ({ resident: mebibytes(status, 'VmRSS'), peak: mebibytes(status, 'VmHWM') }))
  .sort((a, b) => b.resident - a.resident);
console.log(JSON.stringify(found[0] ?? { resident: 0, peak: 0 }));
