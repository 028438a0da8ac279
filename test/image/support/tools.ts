import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Where Debian's golang-github-containers-common puts what runtimes call their default. */
export const SECCOMP_PROFILE = '/usr/share/containers/seccomp.json';

/** Why no image can be built and run here; undefined: it can. */
export function missingForImages(environment: NodeJS.ProcessEnv): string | undefined {
  if (process.getuid?.() !== 0) return 'images are built and containers are run as root';
  const folders = [...(environment.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin'];
  const missing = PROGRAMS.filter(([program]) => !folders.some((folder) => isProgram(join(folder, program))));
  const packages = [
    ...missing.map(([, debian]) => debian),
    ...(existsSync(SECCOMP_PROFILE) ? [] : ['golang-github-containers-common']),
  ];
  return packages.length === 0 ? undefined : `apt-get install ${packages.join(' ')}`;
}

/** Why no image for arm64 can be built and run here. */
export function missingForArm64(): string | undefined {
  const missing = [
    ['/usr/bin/qemu-aarch64-static', 'qemu-user-static'],
    ['/usr/bin/aarch64-linux-gnu-gcc', 'gcc-aarch64-linux-gnu'],
    ['/usr/bin/arch-test', 'arch-test'],
  ].filter(([program = '']) => !isProgram(program));
  return missing.length === 0 ? undefined : `apt-get install ${missing.map(([, name]) => name).join(' ')}`;
}

/** Goes before a command that runs programs of arm64: `sh EMULATE COMMAND…`. */
export const EMULATE = 'test/image/support/emulate.sh';

/** What is needed, and the Debian package that has it. */
const PROGRAMS = [
  ['buildah', 'buildah'],
  ['crun', 'crun'],
  ['mmdebstrap', 'mmdebstrap'],
  ['nsenter', 'util-linux'],
  ['ip', 'iproute2'],
] as const;

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false; // not in this folder
  }
}
