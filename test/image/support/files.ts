import { lstatSync, readdirSync, type Stats } from 'node:fs';
import { join } from 'node:path';

/** A file, folder or link of an image. */
export interface ImageFile {
  /** From the image's root, with a slash before it. */
  readonly path: string;
  readonly stats: Stats;
}

/** All of them, links not followed. */
export function filesOf(root: string, folder = '/'): readonly ImageFile[] {
  return readdirSync(join(root, folder)).flatMap((name): readonly ImageFile[] => {
    const path = join(folder, name);
    const stats = lstatSync(join(root, path));
    return [{ path, stats }, ...(stats.isDirectory() ? filesOf(root, path) : [])];
  });
}
