import type { NamespaceObject, PodObject } from '../objects/index.ts';
import { DATAPLANE_MODE, readTwin } from '../translate/index.ts';
import { MIRROR, SIDECAR_STATUS, STATIC_POD_UID } from './annotation-names.ts';

/** The pod's own label beats its namespace's. */
export function wantsToEnrol(pod: PodObject, namespace: NamespaceObject | undefined): boolean {
  const own = readTwin(pod.meta.labels, DATAPLANE_MODE);
  if (own === 'ambient') return true;
  if (own === 'none') return false;
  return namespace !== undefined && isAmbient(namespace);
}

/** Whether the pods of a namespace join the mesh where they do not say otherwise. */
export function namespaceJoins(namespace: NamespaceObject): boolean {
  return isAmbient(namespace) && !SYSTEM_NAMESPACES.has(namespace.meta.name);
}

/** Whether the pod runs, or is about to, in a network of its own on a node: what CNI plugins are asked about. */
export function takesPart(pod: PodObject): boolean {
  return !pod.hostNetwork && pod.node !== '' && pod.phase !== 'Succeeded' && pod.phase !== 'Failed';
}

/** Whether a pod can be captured, if it is wanted. */
export function canEnrol(pod: PodObject): boolean {
  const { meta } = pod;
  return (
    takesPart(pod) &&
    !isStatic(pod) &&
    !meta.annotations.has(SIDECAR_STATUS) &&
    !SYSTEM_NAMESPACES.has(meta.namespace) &&
    // The node proxy captures others, never itself.
    !['app', 'app.kubernetes.io/name'].some((label) => meta.labels.get(label) === 'ztunnel')
  );
}

/**
 * Whether the object is a kubelet's mirror of a static pod. Such pods have no service account, so nobody has said that they may
 * have an identity of their namespace; and who has taken over a kubelet can make one in any namespace.
 */
export function isStatic({ meta }: PodObject): boolean {
  return meta.annotations.has(MIRROR);
}

/** What kubelets call the pod: of a static pod the object is only a mirror, with a uid of its own. */
export function kubernetesUidOf({ meta }: PodObject): string {
  const hash = meta.annotations.get(STATIC_POD_UID);
  // Anybody can annotate a pod; with another pod's uid it would be looked for there.
  return hash !== undefined && meta.annotations.get(MIRROR) === hash ? hash : meta.uid;
}

function isAmbient(namespace: NamespaceObject): boolean {
  return readTwin(namespace.meta.labels, DATAPLANE_MODE) === 'ambient';
}

/** Never captured, whatever their labels: the cluster needs them to start the mesh. */
const SYSTEM_NAMESPACES: ReadonlySet<string> = new Set(['kube-system']);
