import { bindFunction, checkResult, lastErrno } from './libc.ts';

/** Moves the calling thread into the network namespace that `descriptor` refers to. */
export function enterNetworkNamespace(descriptor: number): void {
  checkResult(setns(descriptor, CLONE_NEWNET), 'setns');
}

/** Whether a descriptor is that of a network namespace, and not of a file, a socket or another kind of namespace. */
export function isNetworkNamespace(descriptor: number): boolean {
  return ioctl(descriptor, NS_GET_NSTYPE) === CLONE_NEWNET;
}

/** Moves the calling thread into a network namespace made for it. */
export function unshareNetworkNamespace(): void {
  checkResult(unshare(CLONE_NEWNET), 'unshare of the network namespace');
}

/** From now on processes that the calling thread starts see no others but those that come from them. */
export function unshareProcessNamespace(): void {
  checkResult(unshare(CLONE_NEWPID), 'unshare of the process namespace');
}

/** Ends that: `descriptor` refers to the process namespace that the thread's children are to be in. */
export function returnToProcessNamespace(descriptor: number): void {
  checkResult(setns(descriptor, CLONE_NEWPID), 'setns');
}

/** Makes `source` visible at `target` as well, both being existing files or directories. */
export function bindMount(source: string, target: string): void {
  checkResult(mount(source, target, 'none', MS_BIND | MS_REC, null), `mount of ${source} on ${target}`);
}

/** Lets mounts below `directory` propagate to other mount namespaces. False where it is not a mount point yet. */
export function shareMounts(directory: string): boolean {
  if (mount('', directory, 'none', MS_SHARED | MS_REC, null) === 0) return true;
  if (lastErrno() === EINVAL) return false;
  checkResult(-1, `mount --make-shared ${directory}`);
  return false;
}

/** Takes a mount away, also while somebody uses it. */
export function unmount(target: string): void {
  checkResult(umount2(target, MNT_DETACH), `umount ${target}`);
}

const ioctl = bindFunction('int ioctl(int fd, unsigned long request)');
const setns = bindFunction('int setns(int fd, int nstype)');
const unshare = bindFunction('int unshare(int flags)');
const mount = bindFunction(
  'int mount(const char *source, const char *target, const char *type, unsigned long flags, const void *data)',
);
const umount2 = bindFunction('int umount2(const char *target, int flags)');

const CLONE_NEWPID = 0x2000_0000;
const CLONE_NEWNET = 0x4000_0000;
const NS_GET_NSTYPE = 0xb703;
const MS_BIND = 0x1000;
const MS_REC = 0x4000;
const MS_SHARED = 0x10_0000;
const MNT_DETACH = 0x2;
const EINVAL = 22;
