import { isKind, isReady, isReplicaOf, type KubeObject } from '../../lab/cluster/objects/index.ts';
import { podState } from '../lab/objects/object-columns.ts';
import type { ObjectStore } from '../object-store/index.ts';
import type { WaypointGateway } from './waypoint-gateway.ts';

/**
 * Pods that do not come up, a sentence each: while others of the waypoint take its traffic its conditions say nothing of
 * them, and a change of its flags or image is not in force.
 */
export function stuckPods(
  { namespace, name }: Pick<WaypointGateway, 'namespace' | 'name'>,
  pods: readonly KubeObject[],
  tool: ObjectStore['tool'],
): readonly string[] {
  return pods.flatMap((pod) => {
    if (!isKind(pod, 'Pod') || pod.metadata.namespace !== namespace) return [];
    if (!isReplicaOf(pod, name) || isReady(pod)) return [];
    const state = podState(pod);
    if (!STUCK.has(state)) return [];
    const own = pod.metadata.name;
    return [
      `waypoint ${namespace}/${name}: pod ${own} does not come up (${state}), so that its latest change is not in force; ${tool} logs ${own} -n ${namespace} says why`,
    ];
  });
}

/** Words of Kubernetes for what does not pass by itself. */
const STUCK: ReadonlySet<string> = new Set([
  'CrashLoopBackOff',
  'Error',
  'ErrImagePull',
  'ImagePullBackOff',
  'CreateContainerConfigError',
  'RunContainerError',
  'Failed',
]);
