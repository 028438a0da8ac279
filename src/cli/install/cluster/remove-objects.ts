import type { Progress } from '../../terminal/index.ts';
import { describeObject } from './apply-objects.ts';
import type { Cluster, ObjectName } from './cluster.ts';
import { isSomebodyElses } from './ownership.ts';

/** Deletes objects one after the other; what is gone already, is somebody else's, or of a kind that is not known, is passed over. */
export async function removeObjects(
  cluster: Cluster,
  objects: readonly ObjectName[],
  progress: Progress,
): Promise<void> {
  for (const object of objects) {
    progress.update(describeObject(object));
    const found = await cluster.find(object);
    if (found === undefined) continue;
    if (isSomebodyElses(found, object)) {
      progress.done(`${describeObject(object)} left: it is somebody else's`);
      continue;
    }
    if (await cluster.remove(object)) progress.done(`${describeObject(object)} deleted`);
  }
  progress.stop();
}
