import { randomUUID } from 'node:crypto';
import type { Stats } from 'node:fs';
import {
  chmod,
  chown,
  lstat,
  open,
  readdir,
  readFile,
  realpath,
  rename,
  stat,
  unlink,
} from 'node:fs/promises';
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
export async function replaceFile(link: string, content: string | Buffer, mode: number): Promise<void> {
  // Where it is a link, that stays, and what it leads to is replaced.
  const path = await realpath(link).catch(() => link);
  // No runtime takes a name that ends so for a configuration.
  // In containers every process has the same number, and during an update there are two on a node.
  const temporary = join(dirname(path), `.nodemesh-${randomUUID()}.tmp`);
  try {
    const before = await statIfThere(path);
    const handle = await open(temporary, 'wx', mode);
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
    // Where it cannot even be removed, or was never made, what counts is still why it could not be written.
    await unlink(temporary).catch(() => undefined);
    throw fileError('written', path, error);
  }
}

/** In one step: who looks finds one of both names. What has the new name is replaced. Rejects with ERR_CLI_FILE. */
export async function renameFile(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (error) {
    throw fileError('renamed', from, error);
  }
}

/** A link whose end is not there, as this process sees it: a container runtime may see more. */
export async function isLooseLink(path: string): Promise<boolean> {
  try {
    return (await lstat(path)).isSymbolicLink();
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return false;
    throw fileError('read', path, error);
  }
}

/** Removes what a process left that was killed while it replaced a file. */
export async function removeLeftOvers(folder: string): Promise<void> {
  for (const name of await listFolder(folder))
    if (LEFT_OVER.test(name)) await removeIfThere(join(folder, name));
}

const LEFT_OVER = /^\.nodemesh-[-0-9a-f]+\.tmp$/;

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
