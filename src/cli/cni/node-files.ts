import type { Stats } from 'node:fs';
import { chmod, chown, open, readdir, readFile, rename, stat, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { errnoOf } from '../../base/index.ts';
import { CliError } from '../errors.ts';

/** Undefined where there is none. */
export async function readIfThere(path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw fileError('read', path, error);
  }
}

/**
 * Replaces the file in one step: whoever reads sees the old one or the new one. It keeps its mode and owner; one that was
 * not there gets `mode`.
 */
export async function replaceFile(path: string, content: string | Buffer, mode: number): Promise<void> {
  // No runtime takes a name that ends so for a configuration.
  const temporary = join(dirname(path), `.nodemesh-${process.pid}.tmp`);
  try {
    const before = await statIfThere(path);
    const handle = await open(temporary, 'w', mode);
    try {
      await handle.writeFile(content);
      await handle.sync();
    } finally {
      await handle.close();
    }
    const own = await stat(temporary);
    // Without a need it would ask for a capability.
    if (before !== undefined && (before.uid !== own.uid || before.gid !== own.gid))
      await chown(temporary, before.uid, before.gid);
    await chmod(temporary, before?.mode ?? mode);
    await rename(temporary, path);
  } catch (error) {
    await removeIfThere(temporary);
    throw fileError('written', path, error);
  }
}

export async function renameFile(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (error) {
    throw fileError('renamed', from, error);
  }
}

/** Whether it was there. */
export async function removeIfThere(path: string): Promise<boolean> {
  try {
    await unlink(path);
    return true;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return false;
    throw fileError('removed', path, error);
  }
}

/** In the order in which container runtimes look at them. Empty where there is no such folder yet. */
export async function listFolder(folder: string): Promise<readonly string[]> {
  try {
    return (await readdir(folder)).sort();
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return [];
    throw fileError('read', folder, error);
  }
}

async function statIfThere(path: string): Promise<Stats | undefined> {
  try {
    return await stat(path);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

function fileError(verb: string, path: string, cause: unknown): CliError {
  return new CliError({
    code: 'ERR_CLI_FILE',
    blame: 'local',
    message: `${path} could not be ${verb}`,
    hint: 'the folders of the node must be mounted, and this user must be allowed to write there',
    cause,
  });
}
