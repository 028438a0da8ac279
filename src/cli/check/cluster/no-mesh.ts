import type { Cluster } from '../../install/cluster/cluster.ts';
import { GOING, GOING_HINT } from '../../install/preflight/namespace-going.ts';
import { NAMESPACE } from '../../install/objects/manifest.ts';
import { type CheckResult, resultsOf } from '../check-result.ts';

/** One result where no mesh was ever installed, or it is on its way out, for all others would follow from it; else, or where that cannot be seen, none. */
export async function noMesh(cluster: Cluster): Promise<readonly CheckResult[]> {
  const { failed } = resultsOf('cluster');
  try {
    const found = await cluster.find({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } });
    if (found?.metadata.deletionTimestamp !== undefined)
      return [failed('mesh', `its namespace ${NAMESPACE} ${GOING}`, GOING_HINT)];
    if (found !== undefined) return [];
  } catch {
    // Who may not read namespaces is told so by what asks for more.
    return [];
  }
  return [
    failed(
      'mesh',
      `there is none: this cluster has no namespace ${NAMESPACE}`,
      'is it the right cluster (kubectl config current-context; --context NAME chooses)? nodemesh install puts a mesh into it',
    ),
  ];
}
