import type { KubernetesObject } from '../../../controller/index.ts';
import type { Cluster } from '../../install/cluster/cluster.ts';
import { shortList } from '../../terminal/index.ts';
import { missingOf } from '../../install/cluster/rollout-status.ts';
import { containersOf, type Ended, explainMissing } from '../../install/cluster/late-pods.ts';
import { missingZtunnels, podsOf } from '../../install/cluster/own-pods.ts';
import { CONTROLLER, NAMESPACE, ZTUNNEL } from '../../install/objects/manifest.ts';
import { type CheckResult, resultsOf } from '../check-result.ts';

const { ok, warning, failed } = resultsOf('cluster');

/** Whether all replicas run what was applied. */
export async function controllerCheck(cluster: Cluster): Promise<readonly CheckResult[]> {
  const found = await find(cluster, 'Deployment', CONTROLLER);
  const missing = missingOf(found);
  const name = 'controller';
  if (missing === undefined) return [ok(name, `${replicasOf(found)} replicas run`)];
  if (found === undefined) return [failed(name, missing, 'nodemesh install puts it there')];
  const late = await explainMissing(cluster, 'controller', missing);
  const remedy =
    late.remedy ??
    `kubectl -n ${NAMESPACE} describe deployment/${CONTROLLER}; kubectl -n ${NAMESPACE} logs deployment/${CONTROLLER}`;
  return [failed(name, late.missing, remedy)];
}

/** Whether every node has a ztunnel that is ready, and which have none. */
export async function ztunnelCheck(cluster: Cluster): Promise<readonly CheckResult[]> {
  const found = await find(cluster, 'DaemonSet', ZTUNNEL);
  const missing = await missingZtunnels(cluster);
  const name = 'ztunnels';
  const { desiredNumberScheduled: wanted = 0 } = (found?.status ?? {}) as {
    readonly desiredNumberScheduled?: number;
  };
  if (missing === undefined)
    return [
      wanted === 0
        ? warning(name, 'no node is to have one', 'are there nodes with kubernetes.io/os=linux?')
        : ok(name, `ready on all ${wanted} nodes`),
    ];
  if (found === undefined) return [failed(name, missing, 'nodemesh install puts it there')];
  const late = await explainMissing(cluster, 'ztunnel', missing);
  const remedy =
    late.remedy ??
    `kubectl -n ${NAMESPACE} describe daemonset/${ZTUNNEL}; kubectl -n ${NAMESPACE} get events`;
  return [failed(name, late.missing, `traffic of the mesh's pods there stops until it is ready: ${remedy}`)];
}

/** Containers of ours that have ended, and how. */
export async function restartChecks(cluster: Cluster): Promise<readonly CheckResult[]> {
  const pods = [...(await podsOf(cluster, 'controller')), ...(await podsOf(cluster, 'ztunnel'))];
  const restarted = pods.flatMap((pod) =>
    containersOf(pod).flatMap(({ name, restartCount = 0, lastState }) =>
      restartCount === 0
        ? []
        : [`${pod.metadata.name} (${name}) ${restartCount} times${endOf(lastState?.terminated)}`],
    ),
  );
  if (restarted.length === 0) return [ok('restarts', `none of ${pods.length} pods`)];
  return [warning('restarts', shortList(restarted), `kubectl -n ${NAMESPACE} logs POD --previous says why`)];
}

function find(cluster: Cluster, kind: 'Deployment' | 'DaemonSet', name: string) {
  return cluster.find({ apiVersion: 'apps/v1', kind, metadata: { name, namespace: NAMESPACE } });
}

function replicasOf(deployment: KubernetesObject | undefined): number {
  return ((deployment?.spec ?? {}) as { readonly replicas?: number }).replicas ?? 1;
}

function endOf(ended: Ended | undefined): string {
  if (ended === undefined) return '';
  return `, last end: ${ended.reason ?? 'unknown'}${ended.exitCode === undefined ? '' : `, status ${ended.exitCode}`}`;
}
