import { existsSync, lstatSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { LabError } from '../errors.ts';
import { SOCKET_FILE } from './configuration.ts';

/** Where labs of this user keep their state: private, and gone after a reboot. */
export function stateBase(options: {
  readonly runtimeDirectory: string | undefined;
  readonly userId: number;
}): string {
  const { runtimeDirectory, userId } = options;
  if (runtimeDirectory !== undefined && isOwnDirectory(runtimeDirectory, userId))
    return join(runtimeDirectory, 'nodemesh');
  return join('/tmp', `nodemesh-${userId}`);
}

/** Makes `<base>/<name>`, readable for nobody else. Throws when somebody else has put something in its place. */
export function createStateDirectory(base: string, name: string, userId: number): string {
  mkdirSync(base, { recursive: true, mode: 0o700 });
  // /tmp is everybody's: what lies there under our name may be another user's trap.
  const { uid, mode } = lstatSync(base);
  if (uid !== userId || (mode & 0o077) !== 0) {
    throw new LabError({
      code: 'ERR_LAB_START',
      blame: 'local',
      message: `${base} must be a directory of user ${userId} with mode 0700, but belongs to user ${uid} with mode 0${(mode & 0o777).toString(8)}`,
    });
  }
  const path = join(base, name);
  mkdirSync(path, { recursive: true, mode: 0o700 });
  return path;
}

/** Names of the labs that have a socket; one whose supervisor has died may be among them. */
export function labNames(base: string): readonly string[] {
  if (!existsSync(base)) return [];
  return readdirSync(base).filter((name) => existsSync(join(base, name, SOCKET_FILE)));
}

function isOwnDirectory(path: string, userId: number): boolean {
  const found = statSync(path, { throwIfNoEntry: false });
  return found?.isDirectory() === true && found.uid === userId;
}
