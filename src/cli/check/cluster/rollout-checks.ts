import type { KubernetesObject } from '../../../controller/index.ts';
import type { Cluster } from '../../install/cluster/cluster.ts';
import { missingOf } from '../../install/cluster/rollout-status.ts';
import { isReady, missingZtunnels, podsOf, ztunnelPods } from '../../install/cluster/own-pods.ts';
import { CONTROLLER, NAMESPACE, ZTUNNEL } from '../../install/objects/manifest.ts';
import { type CheckResult, resultsOf } from '../check-result.ts';

const { ok, warning, failed } = resultsOf('cluster');

/** Whether all replicas run what was applied. */
export async function controllerCheck(cluster: Cluster): Promise<readonly CheckResult[]> {
  const found = await find(cluster, 'Deployment', CONTROLLER);
  const missing = missingOf(found);
  const name = 'controller';
  if (missing === undefined) return [ok(name, `${replicasOf(found)} replicas run`)];
  const hint =
    found === undefined
      ? 'nodemesh install puts it there'
      : `kubectl -n ${NAMESPACE} describe deployment/${CONTROLLER}; kubectl -n ${NAMESPACE} logs deployment/${CONTROLLER}`;
  return [failed(name, missing, hint)];
}

/** Whether every node has a ztunnel that is ready, and which have none. */
export async function ztunnelCheck(cluster: Cluster): Promise<readonly CheckResult[]> {
  const found = await find(cluster, 'DaemonSet', ZTUNNEL);
  const missing = await missingZtunnels(cluster);
  const name = 'ztunnels';
  const { desiredNumberScheduled: wanted = 0 } = statusOf(found);
  if (missing === undefined)
    return [
      wanted === 0
        ? warning(name, 'no node is to have one', 'are there nodes with kubernetes.io/os=linux?')
        : ok(name, `ready on all ${wanted} nodes`),
    ];
  if (found === undefined) return [failed(name, missing, 'nodemesh install puts it there')];
  const late = (await ztunnelPods(cluster)).filter((pod) => !isReady(pod));
  const seen = late.length === 0 ? missing : `${missing}: ${shortList(late.map(lateText))}`;
  const crashed = late.find(waitsAfterCrashes)?.metadata?.name;
  const remedy =
    crashed === undefined
      ? `kubectl -n ${NAMESPACE} describe daemonset/${ZTUNNEL}; kubectl -n ${NAMESPACE} get events`
      : `kubectl -n ${NAMESPACE} logs ${crashed} --previous says why it ends; kubectl -n ${NAMESPACE} delete pod ${crashed} starts another at once`;
  return [failed(name, seen, `traffic of the mesh's pods there stops until it is ready: ${remedy}`)];
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

interface Status {
  readonly desiredNumberScheduled?: number;
  readonly phase?: string;
  readonly containerStatuses?: readonly ContainerStatus[];
}

interface ContainerStatus {
  readonly name: string;
  readonly restartCount?: number;
  readonly state?: { readonly waiting?: { readonly reason?: string } };
  readonly lastState?: { readonly terminated?: Ended };
}

interface Ended {
  readonly reason?: string;
  readonly exitCode?: number;
}

function find(cluster: Cluster, kind: 'Deployment' | 'DaemonSet', name: string) {
  return cluster.find({ apiVersion: 'apps/v1', kind, metadata: { name, namespace: NAMESPACE } });
}

function statusOf(object: KubernetesObject | undefined): Status {
  return (object?.status ?? {}) as Status;
}

function containersOf(pod: KubernetesObject): readonly ContainerStatus[] {
  return statusOf(pod).containerStatuses ?? [];
}

function replicasOf(deployment: KubernetesObject | undefined): number {
  return ((deployment?.spec ?? {}) as { readonly replicas?: number }).replicas ?? 1;
}

function lateText(pod: KubernetesObject): string {
  const { nodeName = 'no node yet' } = (pod.spec ?? {}) as { readonly nodeName?: string };
  const reasons = containersOf(pod).flatMap(({ state }) => state?.waiting?.reason ?? []);
  return `${nodeName} (${reasons[0] ?? statusOf(pod).phase ?? 'not ready'})`;
}

/** A kubelet waits up to five minutes before it starts a container again that ends time and again; another pod's it starts at once. */
function waitsAfterCrashes(pod: KubernetesObject): boolean {
  return containersOf(pod).some(({ state }) => state?.waiting?.reason === 'CrashLoopBackOff');
}

function endOf(ended: Ended | undefined): string {
  if (ended === undefined) return '';
  return `, last end: ${ended.reason ?? 'unknown'}${ended.exitCode === undefined ? '' : `, status ${ended.exitCode}`}`;
}

function shortList(texts: readonly string[]): string {
  return `${texts.slice(0, MOST_NAMED).join(', ')}${texts.length > MOST_NAMED ? ` and ${texts.length - MOST_NAMED} more` : ''}`;
}

const MOST_NAMED = 5;
