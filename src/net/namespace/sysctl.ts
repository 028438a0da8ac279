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
        values.set(name, readFileSync(sysctlPath(namespace, name), 'utf8').trim());
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
        writeFileSync(sysctlPath(namespace, name), value);
      } catch (error) {
        throw errorFromErrno(errnoOf(error) ?? 'EIO', `writing sysctl ${name}=${value}`, { cause: error });
      }
    }
  });
}

/**
 * The kernel shows below /proc/sys/net what belongs to the namespace of the thread that opens the file, in every mount of
 * /proc. The one of a container is read-only: a namespace that was found in the host's is written through that.
 */
function sysctlPath(namespace: NetNamespace, name: string): string {
  const [, proc = '/proc'] = /^(\/.*\/proc)\/\d+\//.exec(namespace.path) ?? [];
  return `${proc}/sys/${name.replaceAll('.', '/')}`;
}
