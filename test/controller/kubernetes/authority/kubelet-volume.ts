import { mkdir, mkdtemp, rename, rm, symlink, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Test } from 'tap';

/** A folder with files as a kubelet mounts a Secret: all of them are swapped at once, by the link `..data`. */
export interface KubeletVolume {
  readonly folder: string;
  /** Another content of the Secret. */
  swap(files: Readonly<Record<string, string>>): Promise<void>;
}

export async function mountVolume(t: Test, files: Readonly<Record<string, string>>): Promise<KubeletVolume> {
  const folder = await mkdtemp(join(tmpdir(), 'nodemesh-volume-'));
  t.teardown(() => rm(folder, { recursive: true }));
  let generation = 0;
  let present: readonly string[] = [];
  const swap = async (next: Readonly<Record<string, string>>): Promise<void> => {
    const before = `..generation-${generation}`;
    generation += 1;
    const after = `..generation-${generation}`;
    await mkdir(join(folder, after));
    for (const [name, text] of Object.entries(next)) await writeFile(join(folder, after, name), text);
    await symlink(after, join(folder, '..data_tmp'));
    await rename(join(folder, '..data_tmp'), join(folder, '..data'));
    for (const name of Object.keys(next))
      if (!present.includes(name)) await symlink(`..data/${name}`, join(folder, name));
    for (const name of present) if (!(name in next)) await unlink(join(folder, name));
    await rm(join(folder, before), { recursive: true, force: true });
    present = Object.keys(next);
  };
  await swap(files);
  return { folder, swap };
}
