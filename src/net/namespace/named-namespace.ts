import { closeSync, existsSync, mkdirSync, openSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { errnoOf } from '../../base/index.ts';
import { errorFromErrno, NetError } from '../errors.ts';
import { bindMount, shareMounts, unmount, unshareNetworkNamespace } from '../system/namespace-calls.ts';
import { returningHome } from './network-namespace.ts';

/**
 * Makes a network namespace that outlives the process, in the way of `ip netns add`, and returns its path. Its links
 * are all down, `lo` too. Throws NetError.
 */
export function createNamedNamespace(name: string, directory = DEFAULT_DIRECTORY): string {
  const path = join(directory, name);
  mkdirSync(directory, { recursive: true, mode: 0o755 });
  shareDirectory(directory);
  try {
    closeSync(openSync(path, 'wx', 0o444));
  } catch (error) {
    throw creationError(path, error);
  }
  try {
    returningHome(path, () => {
      unshareNetworkNamespace();
      bindMount('/proc/thread-self/ns/net', path);
    });
  } catch (error) {
    rmSync(path, { force: true });
    throw error;
  }
  return path;
}

/** Undoes createNamedNamespace. The namespace itself goes when its last process, socket and handle have. Idempotent. */
export function deleteNamedNamespace(name: string, directory = DEFAULT_DIRECTORY): void {
  const path = join(directory, name);
  if (!existsSync(path)) return;
  try {
    unmount(path);
  } catch (error) {
    // Not a mount point: what an interrupted creation leaves behind.
    if (errnoOf(error) !== 'EINVAL') throw error;
  }
  rmSync(path, { force: true });
}

/** Deleting a namespace must reach the copies of the mount in other mount namespaces, or they would keep it alive. */
function shareDirectory(directory: string): void {
  if (shareMounts(directory)) return;
  bindMount(directory, directory);
  shareMounts(directory);
}

function creationError(path: string, cause: unknown): NetError {
  const errno = errnoOf(cause) ?? 'EIO';
  if (errno !== 'EEXIST') return errorFromErrno(errno, `creating network namespace ${path}`, { cause });
  return new NetError({
    code: 'ERR_NET_NAMESPACE_EXISTS',
    blame: 'local',
    message: `network namespace ${path} exists already`,
    cause,
  });
}

const DEFAULT_DIRECTORY = '/run/netns';
