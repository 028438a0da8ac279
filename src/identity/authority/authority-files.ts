import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Signal } from '../../base/index.ts';
import { ensurePrivateFolder, readPrivateFile, writePrivateFile } from '../certificates/index.ts';

/**
 * Where an authority keeps its texts, keys among them: a folder that nobody else may look into, or something that several
 * controllers share. Every text but `authority.json` is written once. Each method may reject with a MeshError.
 */
export interface AuthorityFiles {
  /** For messages. */
  readonly place: string;
  read(name: string): Promise<string | undefined>;
  /**
   * With `exclusive`, only when there is none yet. False: it was not written, because somebody else was first or has
   * written since this process read it last.
   */
  write(name: string, text: string, options?: { readonly exclusive?: boolean }): Promise<boolean>;
  /** Without effect when it is not there. */
  remove(name: string): Promise<void>;
  /** Somebody else has written; undefined where nobody else can. */
  readonly changes?: Signal<void> | undefined;
}

/**
 * Files in a folder, created with mode 0700 when it is not there. One process writes there at a time.
 * @throws IdentityError ERR_IDENTITY_FILE when the folder is open to others.
 */
export async function openFolderFiles(folder: string): Promise<AuthorityFiles> {
  await ensurePrivateFolder(folder);
  return {
    place: folder,
    read: (name) => readPrivateFile(join(folder, name)),
    write: (name, text, options) => writePrivateFile(join(folder, name), text, options),
    remove: (name) => rm(join(folder, name), { force: true }),
  };
}
