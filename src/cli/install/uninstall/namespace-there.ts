import { applyObjects } from '../cluster/apply-objects.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { type Manifest, NAMESPACE } from '../objects/manifest.ts';
import type { WaitOptions } from '../cluster/rollout.ts';

/** Applies what is of the mesh's namespace; false: that goes, or has gone. Rejects with KubernetesError. */
export async function applyWhileThere(
  cluster: Cluster,
  object: Manifest,
  { progress }: Pick<WaitOptions, 'progress'>,
): Promise<boolean> {
  if (await isNamespaceGoing(cluster)) return false;
  try {
    await applyObjects(cluster, [object], { progress });
    return true;
  } catch (error) {
    // That it goes shows in many ways: as forbidden, as not found.
    if (await isNamespaceGoing(cluster)) return false;
    throw error;
  }
}

/** Whether the mesh's namespace is being deleted, or is not there: nothing can be run in it any more. Rejects with KubernetesError. */
export async function isNamespaceGoing(cluster: Cluster): Promise<boolean> {
  const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } };
  const found = await cluster.find(namespace);
  return found === undefined || found.metadata.deletionTimestamp !== undefined;
}
