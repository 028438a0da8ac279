import type { Cluster } from '../cluster/cluster.ts';
import { NAMESPACE } from '../objects/manifest.ts';

/** Whether the mesh's namespace is there and being deleted; false too where that may not be seen. */
export async function isGoing(cluster: Cluster): Promise<boolean> {
  try {
    const found = await cluster.find({
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: NAMESPACE },
    });
    return found?.metadata.deletionTimestamp !== undefined;
  } catch {
    // Who may not read namespaces is told so by what asks for more.
    return false;
  }
}

/** What is then said of it. */
export const GOING = 'is being deleted, and what is in it goes with it';
/** What to do about it. A pod that ends already is not ended sooner by a shorter grace period, but its object can be taken away. */
export const GOING_HINT = `kubectl wait --for=delete namespace/${NAMESPACE} --timeout=5m, then nodemesh install (docs/disaster-recovery.md); ztunnels hold it until their last connection ends: kubectl -n ${NAMESPACE} delete pods --all --force takes their objects away, and they carry on without; what else holds it: kubectl get namespace ${NAMESPACE} -o jsonpath='{.status.conditions}'`;
