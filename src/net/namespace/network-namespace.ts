import { access, closeSync, constants, fstatSync, openSync } from 'node:fs';
import { errnoOf } from '../../base/index.ts';
import { errorFromErrno, NetError } from '../errors.ts';
import { enterNetworkNamespace, isNetworkNamespace } from '../system/namespace-calls.ts';

/** A network namespace held open: it lives at least as long as this handle, also when its path is gone. */
export interface NetNamespace {
  /** Where it was opened from; for messages. */
  readonly path: string;
  readonly fd: number;
  /** Device and inode tell two namespaces apart, whatever their paths. */
  readonly device: bigint;
  readonly inode: bigint;
  /**
   * Runs `work` with this thread moved into the namespace and back. `work` must be synchronous: sockets it opens and
   * processes it spawns belong to the namespace, and stay there. Throws what `work` throws, or NetError.
   */
  inside<T>(work: () => T): T;
  /** Lets the handle go. Idempotent. */
  close(): void;
}

/** Opens a namespace by its file: `/run/netns/NAME` or `/proc/PID/ns/net`. The caller closes it. Throws NetError. */
export function openNamespace(path: string): NetNamespace {
  let fd: number;
  try {
    // Whoever names a pipe must not have this process wait for its other end.
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    const errno = errnoOf(error);
    if (errno !== 'ENOENT' && errno !== undefined)
      throw errorFromErrno(errno, `opening network namespace ${path}`, { cause: error });
    throw goneError(path, error);
  }
  return namespaceOf(fd, path);
}

/**
 * Takes over a descriptor that somebody handed to this process; `path` is for messages alone. Throws NetError
 * ERR_NET_NAMESPACE_WRONG, with the descriptor closed, for what is no network namespace, and for the one that this process is in.
 */
export function adoptNamespace(fd: number, path: string): NetNamespace {
  const problem = isNetworkNamespace(fd) ? ownNamespaceProblem(fd) : 'it is no network namespace';
  if (problem === undefined) return namespaceOf(fd, path);
  closeSync(fd);
  throw new NetError({
    code: 'ERR_NET_NAMESPACE_WRONG',
    blame: 'upstream',
    message: `expected ${path} to be the network namespace of a pod, but ${problem}`,
  });
}

function ownNamespaceProblem(fd: number): string | undefined {
  home ??= openHome();
  const [own, given] = [fstatSync(home, { bigint: true }), fstatSync(fd, { bigint: true })];
  const isOwn = own.dev === given.dev && own.ino === given.ino;
  return isOwn ? 'it is the one that this process is in' : undefined;
}

function namespaceOf(fd: number, path: string): NetNamespace {
  const { dev, ino } = fstatSync(fd, { bigint: true });
  let open = true;
  return {
    path,
    fd,
    device: dev,
    inode: ino,
    inside(work) {
      if (!open) throw goneError(path, new Error('its handle was closed'));
      return runInside(fd, path, work);
    },
    close() {
      if (!open) return;
      open = false;
      closeSync(fd);
    },
  };
}

/** Runs `work` and then brings this thread back to the namespace it is in now, wherever `work` has moved it. */
export function returningHome<T>(path: string, work: () => T): T {
  home ??= openHome();
  const before = current ?? home;
  let result: T;
  try {
    result = work();
  } finally {
    comeBack(before, path);
  }
  return result;
}

function runInside<T>(fd: number, path: string, work: () => T): T {
  const outer = current;
  return returningHome(path, () => {
    enterNetworkNamespace(fd);
    current = fd;
    try {
      const result = work();
      if (result instanceof Promise) throw asyncError(path, result);
      return result;
    } finally {
      current = outer;
    }
  });
}

function comeBack(descriptor: number, path: string): void {
  try {
    enterNetworkNamespace(descriptor);
  } catch (error) {
    throw new NetError({
      code: 'ERR_NET_NAMESPACE_STUCK',
      blame: 'local',
      message: `this thread is caught in network namespace ${path}`,
      hint: 'restart the process',
      cause: error,
    });
  }
}

/**
 * Threads are born into the namespace of the thread that starts them. libuv starts its pool on first use: were that
 * inside a pod, name resolution and files would be served from there for ever. So the pool is started here, first.
 */
function openHome(): number {
  access('/', () => undefined);
  return openSync('/proc/thread-self/ns/net', 'r');
}

function asyncError(path: string, pending: Promise<unknown>): NetError {
  // The caller is told of its mistake; what the work itself comes to is nobody's any more.
  pending.catch(() => undefined);
  return new NetError({
    code: 'ERR_NET_NAMESPACE_ASYNC',
    blame: 'local',
    message: `expected synchronous work inside ${path}, got a promise`,
  });
}

function goneError(path: string, cause: unknown): NetError {
  return new NetError({
    code: 'ERR_NET_NAMESPACE_GONE',
    blame: 'local',
    message: `network namespace ${path} is not there`,
    cause,
  });
}

// Of this thread: a worker thread has its own copy of the module.
let home: number | undefined;
let current: number | undefined;
