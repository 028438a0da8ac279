import { randomBytes } from 'node:crypto';
import { link, lstat, mkdir, open, rename, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { errnoOf } from '../../base/index.ts';
import { IdentityError } from '../errors.ts';

/**
 * Replaces the file as a whole with mode 0600: a reader sees the old text or the new, also after a power cut.
 * With `exclusive` it is only created, and the promise says whether it was.
 * @throws IdentityError ERR_IDENTITY_FILE.
 */
export async function writePrivateFile(
  path: string,
  text: string,
  options: { readonly exclusive?: boolean } = {},
): Promise<boolean> {
  const temporary = `${path}.${randomBytes(6).toString('hex')}.new`;
  try {
    const file = await open(temporary, 'wx', PRIVATE_FILE_MODE);
    try {
      // The umask may only have narrowed the mode; the owner must be able to read it back.
      await file.chmod(PRIVATE_FILE_MODE);
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    const written = await publish(temporary, path, options.exclusive ?? false);
    await syncFolder(dirname(path));
    return written;
  } catch (error) {
    // A part of a key must not stay; where it cannot be removed, what counts is still why it could not be written.
    await unlink(temporary).catch(() => undefined);
    throw fileError(`cannot write ${path}`, error);
  }
}

/**
 * The text of a file that nobody else may read; undefined when there is none.
 * @throws IdentityError ERR_IDENTITY_FILE when its mode lets others in, it is no plain file, or it cannot be read.
 */
export async function readPrivateFile(path: string): Promise<string | undefined> {
  try {
    // The opened file is what is checked and read, so that no one can exchange it between the two.
    const file = await open(path, 'r');
    try {
      const status = await file.stat();
      if (!status.isFile()) throw fileError(`expected a plain file at ${path}, got something else`);
      checkMode(path, status.mode, '600');
      return await file.readFile('utf8');
    } finally {
      await file.close();
    }
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error instanceof IdentityError ? error : fileError(`cannot read ${path}`, error);
  }
}

/**
 * Makes the folder (and those above it) with mode 0700, or checks the one that is there.
 * @throws IdentityError ERR_IDENTITY_FILE when its mode lets others in, or it is no folder.
 */
export async function ensurePrivateFolder(path: string): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true });
    await mkdir(path, { mode: PRIVATE_FOLDER_MODE });
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') throw fileError(`cannot create the folder ${path}`, error);
  }
  const status = await lstat(path).catch((error: unknown) => {
    throw fileError(`cannot look at the folder ${path}`, error);
  });
  if (!status.isDirectory()) throw fileError(`expected a folder at ${path}, got something else`);
  checkMode(path, status.mode, '700');
}

async function publish(temporary: string, path: string, exclusive: boolean): Promise<boolean> {
  if (!exclusive) {
    await rename(temporary, path);
    return true;
  }
  try {
    await link(temporary, path);
    return true;
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') return false;
    throw error;
  } finally {
    await unlink(temporary);
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

function checkMode(path: string, mode: number, wanted: string): void {
  if ((mode & OTHERS_MASK) === 0) return;
  const got = (mode & 0o777).toString(8).padStart(3, '0');
  throw fileError(
    `expected ${path} to be closed to other users (mode ${wanted}), got mode ${got}`,
    undefined,
    `chmod ${wanted} ${path}, after making sure that nobody has read it`,
  );
}

function fileError(message: string, cause?: unknown, hint?: string): IdentityError {
  return new IdentityError({ code: 'ERR_IDENTITY_FILE', blame: 'local', message, cause, hint });
}

const PRIVATE_FILE_MODE = 0o600;
const PRIVATE_FOLDER_MODE = 0o700;
const OTHERS_MASK = 0o077;
