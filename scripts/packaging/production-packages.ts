import { readFileSync } from 'node:fs';

/** An npm package that is in the image, on one processor or on all. */
export interface ProductionPackage {
  readonly name: string;
  readonly version: string;
  /** As its author declares it: an SPDX expression. */
  readonly license: string;
  /** `node_modules/…`, where it is installed. */
  readonly path: string;
  /** The digest by which npm checks what it downloads. */
  readonly integrity: string;
  /** Undefined: any. */
  readonly cpu: readonly string[] | undefined;
}

interface LockedPackage {
  readonly version?: string;
  readonly license?: string;
  readonly integrity?: string;
  readonly dev?: boolean;
  readonly devOptional?: boolean;
  readonly peer?: boolean;
  readonly os?: string | readonly string[];
  readonly cpu?: string | readonly string[];
  readonly libc?: string | readonly string[];
}

/** What package-lock.json installs where nobody develops, on Linux with glibc. In the order of their paths. */
export function productionPackages(): readonly ProductionPackage[] {
  const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8')) as {
    readonly packages: Readonly<Record<string, LockedPackage>>;
  };
  return Object.entries(packages).flatMap(([path, locked]): readonly ProductionPackage[] => {
    const { dev = false, devOptional = false, peer = false } = locked;
    const isFor = (wanted: readonly string[], found: string | readonly string[] | undefined): boolean =>
      found === undefined || [found].flat().some((name) => wanted.includes(name));
    const isHere = isFor(['linux'], locked.os) && isFor(['glibc'], locked.libc) && isFor(CPUS, locked.cpu);
    if (path === '' || dev || devOptional || peer || !isHere) return [];
    const name = path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
    // Types alone: there is nothing in them that runs.
    if (name.startsWith('@types/') || name === 'undici-types') return [];
    const { version = '', license = licenseOf(path), integrity = '' } = locked;
    const cpu = locked.cpu === undefined ? undefined : [locked.cpu].flat();
    return [{ name, version, license, path, integrity, cpu }];
  });
}

/** For packages that npm has not written a licence of into the lock file. */
function licenseOf(path: string): string {
  try {
    const { license } = JSON.parse(readFileSync(`${path}/package.json`, 'utf8')) as { license?: string };
    return license ?? '';
  } catch {
    return ''; // not installed here, and then not known
  }
}

/** Those that the image is built for, as npm calls them. */
export const CPUS: readonly string[] = ['x64', 'arm64'];
