import type { Cluster } from '../../install/cluster/cluster.ts';
import { describeObject } from '../../install/cluster/apply-objects.ts';
import { NAMESPACE, ZTUNNEL } from '../../install/objects/manifest.ts';
import { CLEAN_UPS } from '../../install/uninstall/clean-up-objects.ts';
import { type CheckResult, resultsOf } from '../check-result.ts';

/**
 * Whether an `uninstall` that was cut off still works against ztunnels that somebody has put there since: `nodemesh install` ends
 * it first, Helm and kubectl know nothing of it.
 */
export async function leftCleanUpCheck(cluster: Cluster): Promise<readonly CheckResult[]> {
  const metadata = { name: ZTUNNEL, namespace: NAMESPACE };
  if ((await cluster.find({ apiVersion: 'apps/v1', kind: 'DaemonSet', metadata })) === undefined) return [];
  const found = await Promise.all(CLEAN_UPS.map((object) => cluster.find(object)));
  const left = CLEAN_UPS.filter((_, index) => found[index] !== undefined);
  if (left.length === 0) return [];
  const names = left.map((object) => object.metadata.name).join(' ');
  return [
    resultsOf('cluster').failed(
      'clean-up of nodes',
      `an uninstall was cut off, and ${left.map(describeObject).join(' and ')} of it takes away from nodes what ztunnels put there: new pods start without the mesh`,
      `kubectl -n ${NAMESPACE} delete daemonset ${names}; or nodemesh uninstall, which goes on with it`,
    ),
  ];
}
