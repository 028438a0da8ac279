import { readFileSync } from 'node:fs';
import { type LabClient, readManifests } from '../../lab/index.ts';
import type { ManifestLike } from './imagine.ts';

/** Every object of a lab that the mesh may read. Rejects with LabError. */
export async function labObjects(lab: LabClient): Promise<readonly ManifestLike[]> {
  const kinds = (await lab.kinds()).filter((kind) => !UNREAD.has(kind));
  const lists = await Promise.all(kinds.map((kind) => lab.objects(kind)));
  return lists.flat() as unknown as readonly ManifestLike[];
}

/** Every object of the files and directories; `-` is standard input. Throws LabError ERR_LAB_MANIFEST. */
export function fileObjects(paths: readonly string[]): readonly ManifestLike[] {
  return paths.flatMap((path) => readManifests(path, () => readFileSync(0, 'utf8')));
}

/** Of no use to the mesh, and many. */
const UNREAD: ReadonlySet<string> = new Set(['Event', 'ReplicaSet', 'Secret']);
