import type { Bystander, NamespaceMembership } from '../../model/index.ts';
import type { NamespaceObject, PodObject } from '../objects/index.ts';
import { type MeshSettings, podUid } from '../translate/index.ts';
import {
  canEnrol,
  isPassedOver,
  kubernetesUidOf,
  namespaceJoins,
  takesPart,
  wantsToEnrol,
} from './enrolment-rules.ts';

/** What nodes are told of a namespace, for its pods that they do not know yet. */
export function namespaceMembership(
  namespace: NamespaceObject,
  settings: Pick<MeshSettings, 'sideBySide'>,
): NamespaceMembership {
  return { kind: 'namespace', namespace: namespace.meta.name, joins: namespaceJoins(namespace, settings) };
}

/**
 * A pod that its node must let pass although its namespace joins. Undefined: it is to be enrolled, it follows its
 * namespace, or no CNI plugin is ever asked about it.
 */
export function bystanderOf(
  pod: PodObject,
  cluster: { readonly namespace: NamespaceObject | undefined; readonly isWaypoint: boolean },
  settings: Pick<MeshSettings, 'clusterId' | 'sideBySide'>,
): Bystander | undefined {
  const { namespace, isWaypoint } = cluster;
  if (namespace === undefined || !namespaceJoins(namespace, settings) || !takesPart(pod)) return undefined;
  const isWanted = wantsToEnrol(pod, namespace, settings) && canEnrol(pod) && !isPassedOver(pod, settings);
  if (!isWaypoint && isWanted) return undefined;
  const { meta } = pod;
  return {
    kind: 'bystander',
    uid: podUid(meta, settings.clusterId),
    kubernetesUid: kubernetesUidOf(pod),
    namespace: meta.namespace,
    name: meta.name,
  };
}
