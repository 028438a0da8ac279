import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { basename } from 'node:path';

/** Kernel clock ticks per second on every Linux that Node runs on (USER_HZ). */
const TICKS_PER_SECOND = 100;

/** Who in a lab carries a variant's bytes. */
export type ProxyProgram = 'ztunnel' | 'waypoint' | 'haproxy' | 'stunnel';

/**
 * The processes of one lab that run `program`, told by their pid namespace: other labs of this machine have their own,
 * and the `lab exec` that started a peer is outside. Empty when the lab does not run. `argument`: which one of them.
 */
export function findProxies(
  stateDirectory: string,
  program: ProxyProgram,
  argument?: string,
): readonly number[] {
  const processes = listProcesses();
  const supervisor = processes.find(
    ({ words }) => words.at(-2) === 'lab-supervisor' && words.at(-1) === stateDirectory && isNode(words),
  );
  if (supervisor === undefined) return [];
  const namespace = namespaceOf(supervisor.pid, 'pid');
  return processes
    .filter(
      ({ pid, words }) =>
        runs(words, program) &&
        (argument === undefined || words.includes(argument)) &&
        namespaceOf(pid, 'pid') === namespace,
    )
    .map(({ pid }) => pid);
}

/** The processes of this name in a pod, told by its network namespace (as `readlink /proc/self/ns/net` names it). */
export function processesInPod(network: string, program: string): readonly number[] {
  return listProcesses()
    .filter(({ pid }) => readProc(pid, 'comm').trim() === program && namespaceOf(pid, 'net') === network)
    .map(({ pid }) => pid);
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

/**
 * Whether the kernel is short of memory for TCP, machine-wide: it then keeps every receive window at a few KB, and a
 * figure taken says nothing about who carried the bytes.
 */
export function isTcpMemoryShort(): boolean {
  const used = Number(/^TCP:.* mem (\d+)/m.exec(readFileSync('/proc/net/sockstat', 'latin1'))?.[1]);
  const pressure = Number(readFileSync('/proc/sys/net/ipv4/tcp_mem', 'latin1').split(/\s+/)[1]);
  return used > pressure;
}

interface Listed {
  readonly pid: number;
  readonly words: readonly string[];
}

function listProcesses(): readonly Listed[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => ({
      pid: Number(name),
      words: readProc(Number(name), 'cmdline').replace(/\0$/, '').split('\0'),
    }));
}

function runs(words: readonly string[], program: ProxyProgram): boolean {
  if (program === 'waypoint') return isNode(words) && words.includes('waypoint');
  if (program !== 'ztunnel') return basename(words[0] ?? '') === program;
  return isNode(words) && words.includes('ztunnel') && words.includes('--node');
}

function isNode(words: readonly string[]): boolean {
  return basename(words[0] ?? '') === 'node';
}

function namespaceOf(pid: number, kind: 'pid' | 'net'): string {
  try {
    return readlinkSync(`/proc/${pid}/ns/${kind}`);
  } catch {
    return '';
  }
}

/** A process may end between the listing and the look at it: then it has no text. */
function readProc(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'latin1');
  } catch {
    return '';
  }
}
