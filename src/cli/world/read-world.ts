import { readFileSync } from 'node:fs';
import type { MeshSettings } from '../../controller/index.ts';
import { readManifests } from '../../lab/index.ts';
import { NAMESPACE } from '../install/objects/manifest.ts';
import { RECORD_NAME, settingsInRecord } from '../install/installation-record.ts';
import { sideBySideOf } from '../install/side-by-side.ts';
import { fewAtATime, type RunningMesh } from '../running-mesh/index.ts';
import type { ManifestLike } from './imagine.ts';

/** Every object of a lab or cluster that the mesh may read. Rejects with MeshError where one kind cannot be read: it may decide. */
export async function meshObjects(
  mesh: Pick<RunningMesh, 'kinds' | 'objects'>,
): Promise<readonly ManifestLike[]> {
  const kinds = (await mesh.kinds()).filter((kind) => !UNREAD.has(kind));
  const lists = await fewAtATime(kinds, (kind) => mesh.objects(kind));
  return lists.flatMap((list) => {
    if (list.status === 'rejected') throw list.reason;
    return list.value as unknown as readonly ManifestLike[];
  });
}

/**
 * What the mesh was installed with, where `nodemesh install` has written that down; elsewhere only whether it runs side by side
 * with another.
 */
export async function meshSettings(mesh: Pick<RunningMesh, 'objects'>): Promise<Partial<MeshSettings>> {
  const [record] = await mesh.objects('ConfigMap', NAMESPACE, RECORD_NAME);
  const settings = settingsInRecord(record);
  if (settings === undefined) return { sideBySide: (await sideBySideOf(mesh)) === true };
  const { trustDomain, clusterDomain, clusterId, network, rootNamespace, sideBySide, sharedRoots } = settings;
  return {
    ...{ trustDomain, clusterDomain, clusterId, network, rootNamespace, sideBySide },
    sharedRoots: sideBySide && sharedRoots,
  };
}

/** Every object of the files and directories; `-` is standard input. Throws LabError ERR_LAB_MANIFEST. */
export function fileObjects(paths: readonly string[]): readonly ManifestLike[] {
  return paths.flatMap((path) => readManifests(path, () => readFileSync(0, 'utf8')));
}

/** Of no use to the mesh, and many. */
const UNREAD: ReadonlySet<string> = new Set(['Event', 'ReplicaSet', 'Secret']);
