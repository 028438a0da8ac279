import type { NamespaceObject, PodObject } from '../objects/index.ts';
import { DATAPLANE_MODE, type MeshSettings, readClaim, REDIRECTION } from '../translate/index.ts';
import { MIRROR, SIDECAR_STATUS, STATIC_POD_UID } from './annotation-names.ts';

/** The pod's own label beats its namespace's. */
export function wantsToEnrol(
  pod: Claimed,
  namespace: Labelled | undefined,
  settings: ClaimSettings,
): boolean {
  const own = readClaim(pod.meta.labels, DATAPLANE_MODE, settings);
  if (own === 'ambient') return true;
  if (own === 'none') return false;
  return namespace !== undefined && isAmbient(namespace, settings);
}

/** Whether the pods of a namespace join the mesh where they do not say otherwise. */
export function namespaceJoins(namespace: NamespaceObject, settings: ClaimSettings): boolean {
  return isAmbient(namespace, settings) && !SYSTEM_NAMESPACES.has(namespace.meta.name);
}

/** Whether the pod runs, or is about to, in a network of its own on a node: what CNI plugins are asked about. */
export function takesPart(pod: PodObject): boolean {
  return !pod.hostNetwork && pod.node !== '' && pod.phase !== 'Succeeded' && pod.phase !== 'Failed';
}

/** Whether a pod can be captured, if it is wanted and no other mesh has it. */
export function canEnrol(pod: PodObject): boolean {
  const { meta } = pod;
  return (
    takesPart(pod) &&
    !isStatic(pod) &&
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

/**
 * What another mesh has of a pod, as a sentence; empty: nothing. Side by side with Istio, a pod is Istio's as long as its agent
 * says so, which takes the annotation off last of all, and as long as it would take the pod at any moment.
 */
export function heldBy(
  { meta }: Claimed,
  namespace: Labelled | undefined,
  { sideBySide }: ClaimSettings,
): string {
  if (sideBySide !== true) return '';
  if (meta.annotations.has(SIDECAR_STATUS))
    return `a sidecar of Istio is in it (annotation ${SIDECAR_STATUS})`;
  const annotation = meta.annotations.get(REDIRECTION.istio);
  if (annotation !== undefined && annotation !== 'disabled')
    return `Istio has captured it (annotation ${REDIRECTION.istio}=${annotation})`;
  const mode = meta.labels.get(DATAPLANE_MODE.istio);
  if (mode === 'ambient') return `Istio is to capture it (its label ${DATAPLANE_MODE.istio}=ambient)`;
  if (mode !== 'none' && namespace?.meta.labels.get(DATAPLANE_MODE.istio) === 'ambient')
    return `Istio is to capture it (label ${DATAPLANE_MODE.istio}=ambient of namespace ${meta.namespace})`;
  return '';
}

/** A pod with a sidecar has a mesh of its own. Side by side it is told so (`heldBy`), else it is passed over. */
export function isPassedOver({ meta }: PodObject, { sideBySide }: ClaimSettings): boolean {
  return sideBySide !== true && meta.annotations.has(SIDECAR_STATUS);
}

function isAmbient(namespace: Labelled, settings: ClaimSettings): boolean {
  return readClaim(namespace.meta.labels, DATAPLANE_MODE, settings) === 'ambient';
}

type ClaimSettings = Pick<MeshSettings, 'sideBySide'>;

/** What of a namespace says whose its pods are. */
interface Labelled {
  readonly meta: Pick<NamespaceObject['meta'], 'labels'>;
}

/** What of a pod, or of what pods are made from, says whose it is. */
interface Claimed {
  readonly meta: Pick<PodObject['meta'], 'namespace' | 'labels' | 'annotations'>;
}

/** Never captured, whatever their labels: the cluster needs them to start the mesh. */
const SYSTEM_NAMESPACES: ReadonlySet<string> = new Set(['kube-system']);
