import type { PodObject, StringMap } from './objects/index.ts';

/** Side by side with Istio, what is said under Istio's names is said of the other mesh. */
interface Claims {
  readonly sideBySide: boolean;
}

/**
 * Whether labels ask for this pod to be in the mesh: the pod's beat the namespace's, host network never is. Side by side ours
 * alone ask for it, and as long as Istio has or wants the pod too nobody waits for ours, which is not to take it.
 */
export function wantsCapture(pod: PodObject, namespaceLabels: StringMap, { sideBySide }: Claims): boolean {
  if (pod.spec.hostNetwork === true) return false;
  const { labels } = pod.metadata;
  const isAmbient = (names: readonly string[]): boolean =>
    (firstOf(labels, names) ?? firstOf(namespaceLabels, names)) === 'ambient';
  if (!sideBySide) return isAmbient([OWN_MODE, ISTIO_MODE]);
  return isAmbient([OWN_MODE]) && !isAmbient([ISTIO_MODE]) && !isCapturedByIstio(pod);
}

/** Whether the mesh has said that this pod's traffic goes through it. */
export function isCaptured({ metadata }: PodObject, { sideBySide }: Claims): boolean {
  const names = sideBySide ? [OWN_REDIRECTION] : [OWN_REDIRECTION, ISTIO_REDIRECTION];
  return firstOf(metadata.annotations, names) === 'enabled';
}

/** Whether, side by side, Istio's agent says that the pod is its mesh's, or is about to be. */
export function isCapturedByIstio({ metadata }: PodObject): boolean {
  const state = metadata.annotations[ISTIO_REDIRECTION];
  return state !== undefined && state !== 'disabled';
}

function firstOf(map: StringMap, keys: readonly string[]): string | undefined {
  for (const key of keys) {
    if (map[key] !== undefined) return map[key];
  }
  return undefined;
}

const OWN_MODE = 'nodemesh.io/dataplane-mode';
const ISTIO_MODE = 'istio.io/dataplane-mode';
const OWN_REDIRECTION = 'nodemesh.io/redirection';
const ISTIO_REDIRECTION = 'ambient.istio.io/redirection';
