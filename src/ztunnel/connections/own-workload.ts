import type { MeshView, Workload, WorkloadIdentity, WorkloadUid } from '../../model/index.ts';

/**
 * The workload of a pod that this node serves; undefined until it has arrived. One of another service account is that of a pod that
 * had the name before, as in a StatefulSet.
 */
export function workloadOfPod(
  view: MeshView,
  uid: WorkloadUid,
  { serviceAccount }: WorkloadIdentity,
): Workload | undefined {
  const workload = view.workload(uid);
  return workload?.serviceAccount === serviceAccount ? workload : undefined;
}
