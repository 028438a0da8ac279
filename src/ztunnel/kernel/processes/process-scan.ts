import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { setImmediate } from 'node:timers/promises';
import { join } from 'node:path';
import { errnoOf } from '../../../base/index.ts';
import { errorFromErrno, NetError } from '../../../net/index.ts';
import { podUidOf } from './pod-cgroup.ts';

/** A process of a pod, and the network namespace it is in. */
export interface PodProcess {
  readonly pid: number;
  /** In clock ticks since the machine came up. */
  readonly started: number;
  readonly device: bigint;
  readonly inode: bigint;
}

/** What one look has found. */
export interface ProcessScan {
  /** How many processes there were. */
  readonly looked: number;
  /** By pod uid; the oldest process first. */
  readonly found: ReadonlyMap<string, readonly PodProcess[]>;
  /** The first process of a wanted pod whose namespace this one may not look at. */
  readonly refused: NetError | undefined;
}

/**
 * Looks once at every process below `proc` for those of the wanted pods. Processes that end meanwhile are no failure. Other
 * work of this process goes on between pieces of a few milliseconds. Rejects with NetError when there are none to look at.
 */
export async function scanProcesses(proc: string, wanted: ReadonlySet<string>): Promise<ProcessScan> {
  const pids = (await listProc(proc)).filter((name) => PID.test(name));
  const found = new Map<string, PodProcess[]>();
  let refused: NetError | undefined;
  let pieceStarted = performance.now();
  for (const pid of pids) {
    const uid = readPodUid(proc, pid);
    if (uid !== undefined && wanted.has(uid)) {
      const process = readProcess(proc, pid);
      if (process instanceof NetError) refused ??= process;
      else if (process !== undefined) found.set(uid, [...(found.get(uid) ?? []), process]);
    }
    if (performance.now() - pieceStarted < PIECE_MS) continue;
    await setImmediate();
    pieceStarted = performance.now();
  }
  for (const processes of found.values()) processes.sort((one, other) => one.started - other.started);
  return { looked: pids.length, found, refused };
}

/** The uid of the pod that the process is of now; undefined: of none, or it has ended. Throws NetError. */
export function readPodUid(proc: string, pid: number | string): string | undefined {
  const text = readSmall(join(proc, String(pid), 'cgroup'));
  return text === undefined ? undefined : podUidOf(text);
}

/** Where the namespace of a process can be opened. */
export function namespacePath(proc: string, pid: number): string {
  return join(proc, String(pid), 'ns/net');
}

async function listProc(proc: string): Promise<readonly string[]> {
  try {
    return await readdir(proc);
  } catch (error) {
    throw failure(proc, error);
  }
}

/** Undefined when it has ended; an error when it may not be looked at. */
function readProcess(proc: string, pid: string): PodProcess | NetError | undefined {
  const stat = readSmall(join(proc, pid, 'stat'));
  if (stat === undefined) return undefined;
  // The second field is a name that anybody chooses: what follows its last bracket begins with the third.
  const started = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[STARTED_AFTER_NAME]);
  const path = namespacePath(proc, Number(pid));
  try {
    const { dev, ino } = statSync(path, { bigint: true });
    return { pid: Number(pid), started, device: dev, inode: ino };
  } catch (error) {
    return hasEnded(error) ? undefined : failure(path, error);
  }
}

/** Undefined when the process has ended. Throws NetError. */
function readSmall(path: string): string | undefined {
  try {
    const descriptor = openSync(path, 'r');
    try {
      return buffer.toString('latin1', 0, readSync(descriptor, buffer, 0, buffer.length, 0));
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    if (hasEnded(error)) return undefined;
    throw failure(path, error);
  }
}

function hasEnded(error: unknown): boolean {
  return errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ESRCH';
}

function failure(path: string, cause: unknown): NetError {
  return errorFromErrno(errnoOf(cause) ?? 'EIO', `reading ${path}`, { cause });
}

const PID = /^\d+$/;
/** As long as a connection may wait for the event loop without anybody taking notice. */
const PIECE_MS = 2;
/** The 22nd field of proc_pid_stat(5). */
const STARTED_AFTER_NAME = 19;
/** Longer than any cgroup file: with version 1 a dozen lines. One read at a time. */
const buffer = Buffer.alloc(0x4000);
