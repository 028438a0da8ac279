import { readFileSync, writeFileSync } from 'node:fs';
import { errnoOf } from '../../base/index.ts';
import { errorFromErrno } from '../errors.ts';
import type { NetNamespace } from './network-namespace.ts';

/** Reads `net.…` settings of a namespace; one that this kernel has not is left out. Throws NetError. */
export function readSysctls(namespace: NetNamespace, names: readonly string[]): ReadonlyMap<string, string> {
  return namespace.inside(() => {
    const values = new Map<string, string>();
    for (const name of names) {
      try {
        values.set(name, readFileSync(sysctlPath(name), 'utf8').trim());
      } catch (error) {
        const errno = errnoOf(error) ?? 'EIO';
        if (errno !== 'ENOENT') throw errorFromErrno(errno, `reading sysctl ${name}`, { cause: error });
      }
    }
    return values;
  });
}

/** Writes `net.…` settings of a namespace. Throws NetError. */
export function writeSysctls(namespace: NetNamespace, values: ReadonlyMap<string, string>): void {
  namespace.inside(() => {
    for (const [name, value] of values) {
      try {
        writeFileSync(sysctlPath(name), value);
      } catch (error) {
        throw errorFromErrno(errnoOf(error) ?? 'EIO', `writing sysctl ${name}=${value}`, { cause: error });
      }
    }
  });
}

/** The kernel shows below /proc/sys/net what belongs to the namespace of the thread that opens the file. */
function sysctlPath(name: string): string {
  return `/proc/sys/${name.replaceAll('.', '/')}`;
}
