import type { PodObject, StringMap } from '../cluster/objects/index.ts';

const MODE_LABELS = ['nodemesh.io/dataplane-mode', 'istio.io/dataplane-mode'];
const REDIRECTION_ANNOTATIONS = ['nodemesh.io/redirection', 'ambient.istio.io/redirection'];

/** Whether labels ask for this pod to be in the mesh: the pod's beat the namespace's, host network never is. */
export function wantsCapture(pod: PodObject, namespaceLabels: StringMap): boolean {
  if (pod.spec.hostNetwork === true) return false;
  const mode = firstOf(pod.metadata.labels, MODE_LABELS) ?? firstOf(namespaceLabels, MODE_LABELS);
  return mode === 'ambient';
}

/** Whether the mesh has said that this pod's traffic goes through it. */
export function isCaptured(pod: PodObject): boolean {
  return firstOf(pod.metadata.annotations, REDIRECTION_ANNOTATIONS) === 'enabled';
}

function firstOf(map: StringMap, keys: readonly string[]): string | undefined {
  for (const key of keys) {
    if (map[key] !== undefined) return map[key];
  }
  return undefined;
}
