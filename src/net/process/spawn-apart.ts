import { closeSync, openSync } from 'node:fs';
import { NetError } from '../errors.ts';
import { createAnonymousNamespace } from '../namespace/anonymous-namespace.ts';
import {
  enterNetworkNamespace,
  returnToProcessNamespace,
  unshareProcessNamespace,
} from '../system/namespace-calls.ts';

/** What a process that was spawned apart does not share with this one. */
export interface Apartness {
  /** It has a network of its own, with nothing in it, not even a loopback that is up. */
  readonly network: boolean;
  /** It sees no processes but its own, and can signal no others. */
  readonly processes: boolean;
}

/**
 * Runs `work`, which spawns one process, so that the process is apart from this one as far as this one may (that takes
 * CAP_SYS_ADMIN over its own namespaces; without it, not at all). `work` must be synchronous. Throws what `work` throws, or
 * NetError.
 */
export function spawnApart<T>(work: () => T): { readonly result: T; readonly apart: Apartness } {
  const network = mayReturnTo('net', enterNetworkNamespace);
  const processes = mayReturnTo('pid_for_children', returnToProcessNamespace);
  const spawn = (): T => (processes ? withoutProcesses(work) : work());
  return { result: network ? withoutNetwork(spawn) : spawn(), apart: { network, processes } };
}

/**
 * Whether this thread may come back to where it is, found out by going there: leaving is allowed to more than returning is
 * (in a user namespace whose network belongs to another).
 */
function mayReturnTo(kind: 'net' | 'pid_for_children', enter: (descriptor: number) => void): boolean {
  const home = openSync(`/proc/thread-self/ns/${kind}`, 'r');
  try {
    enter(home);
    return true;
  } catch (error) {
    if (error instanceof NetError && error.code === 'ERR_NET_PERMISSION') return false;
    throw error;
  } finally {
    closeSync(home);
  }
}

function withoutNetwork<T>(work: () => T): T {
  const network = createAnonymousNamespace();
  try {
    return network.inside(work);
  } finally {
    // The process keeps it alive.
    network.close();
  }
}

function withoutProcesses<T>(work: () => T): T {
  const home = openSync('/proc/thread-self/ns/pid_for_children', 'r');
  try {
    unshareProcessNamespace();
    try {
      return work();
    } finally {
      returnToProcessNamespace(home);
    }
  } finally {
    closeSync(home);
  }
}
