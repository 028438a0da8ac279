import type { PodObject } from '../objects/index.ts';
import type { Caller } from './caller.ts';

/** Whether the caller is that very pod: a token outlives its pod, and names are used again. */
export function isPodOf(caller: Caller, pod: PodObject): boolean {
  return (
    (pod.meta.uid === '' || pod.meta.uid === caller.podUid) && pod.serviceAccount === caller.serviceAccount
  );
}

/**
 * The caller with its node, which tokens of clusters before Kubernetes 1.30 do not tell: then it is where its pod is. It
 * has none while the pod is not known or not placed, or when the token is of a former pod of that name.
 */
export function placeCaller(
  caller: Caller,
  podOf: (namespace: string, name: string) => PodObject | undefined,
): Caller {
  if (caller.node !== '' || caller.pod === '') return caller;
  const pod = podOf(caller.namespace, caller.pod);
  if (pod === undefined || pod.meta.uid === '' || !isPodOf(caller, pod)) return caller;
  return { ...caller, node: pod.node };
}
