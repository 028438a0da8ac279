import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { describeError, errnoOf } from '../../base/index.ts';
import { inspectRedirection, NetError, type NetNamespace, openNamespace } from '../../net/index.ts';

/** What was found by a node's processes. */
export interface CapturedNamespaces {
  /** How many network namespaces were looked at. */
  readonly looked: number;
  /** Those in which our redirection stands, or a part of it. The caller closes them. */
  readonly captured: readonly NetNamespace[];
  /** Namespaces that could not be looked at, and why, a text for each. */
  readonly failures: readonly string[];
}

/**
 * Looks into the network namespace of every process below `proc`, but never into the machine's own and this process's. A
 * namespace is ours by the mark that capturing leaves in it before its first rule: what another mesh has captured
 * has rules of the same names, and none of that mark. Rejects when `proc` cannot be read.
 */
export async function capturedNamespaces(proc: string): Promise<CapturedNamespaces> {
  const failures: string[] = [];
  const captured: NetNamespace[] = [];
  const seen = new Set([await idOf(join(proc, '1/ns/net')), await idOf('/proc/self/ns/net')]);
  const before = seen.size;
  const pids = (await readdir(proc)).filter((name) => /^\d+$/.test(name));
  for (const pid of pids) {
    const path = join(proc, pid, 'ns/net');
    try {
      const id = await idOf(path);
      if (seen.has(id)) continue;
      const namespace = openNamespace(path);
      seen.add(id);
      if (await isOurs(namespace)) captured.push(namespace);
      else namespace.close();
    } catch (error) {
      if (!(await hasEnded(join(proc, pid), error))) failures.push(`${path}: ${describeError(error)}`);
    }
  }
  return { looked: seen.size - before, captured, failures };
}

async function isOurs(namespace: NetNamespace): Promise<boolean> {
  try {
    return (await inspectRedirection(namespace)).naming !== undefined;
  } catch (error) {
    namespace.close();
    throw error;
  }
}

async function idOf(path: string): Promise<string> {
  const { dev, ino } = await stat(path, { bigint: true });
  return `${dev}:${ino}`;
}

/** Whether the failure is that of a process that has ended; of one that is there it counts. */
async function hasEnded(folder: string, error: unknown): Promise<boolean> {
  if (error instanceof NetError && error.code === 'ERR_NET_NAMESPACE_GONE') return true;
  if (errnoOf(error) === undefined) return false;
  try {
    // A process that is over, but that nobody has waited for, has no namespace any more.
    await stat(join(folder, 'exe'));
    return false;
  } catch (other) {
    return ['ENOENT', 'ESRCH'].includes(errnoOf(other) ?? '');
  }
}
