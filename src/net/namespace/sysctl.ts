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
        writeSetting(namespace, name, value);
      } catch (error) {
        throw errorFromErrno(errnoOf(error) ?? 'EIO', `writing sysctl ${name}=${value}`, { cause: error });
      }
    }
  });
}

/**
 * The /proc/sys of a container is read-only. A namespace that was found in the host's /proc is written through that one:
 * the kernel shows in every mount what belongs to the namespace of the thread.
 */
function writeSetting(namespace: NetNamespace, name: string, value: string): void {
  const [, hostProc] = /^(\/.*\/proc)\/\d+\//.exec(namespace.path) ?? [];
  try {
    writeFileSync(sysctlPath(name), value);
  } catch (error) {
    if (errnoOf(error) !== 'EROFS' || hostProc === undefined) throw error;
    writeFileSync(sysctlPath(name, hostProc), value);
  }
}

/** The kernel shows below /proc/sys/net what belongs to the namespace of the thread that opens the file. */
function sysctlPath(name: string, proc = '/proc'): string {
  return `${proc}/sys/${name.replaceAll('.', '/')}`;
}
