import type { Progress } from '../../terminal/index.ts';
import { describeObject } from './apply-objects.ts';
import type { Cluster, ObjectName } from './cluster.ts';

/** Deletes objects one after the other; what is gone already, or of a kind that is not known, is passed over. */
export async function removeObjects(
  cluster: Cluster,
  objects: readonly ObjectName[],
  progress: Progress,
): Promise<void> {
  for (const object of objects) {
    progress.update(describeObject(object));
    if (await cluster.remove(object)) progress.done(`${describeObject(object)} deleted`);
  }
  progress.stop();
}
