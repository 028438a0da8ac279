import { isKind, type KubeObject, type PodObject } from './objects/index.ts';
import { withVirtualAddresses } from './virtual-addresses.ts';

/** Fills in what an API server fills in when it is left out. */
export function completeObject(
  object: KubeObject,
  previous: KubeObject | undefined,
  allocate: Parameters<typeof withVirtualAddresses>[2],
): KubeObject {
  if (isKind(object, 'Service')) {
    const before = previous !== undefined && isKind(previous, 'Service') ? previous : undefined;
    return withVirtualAddresses(object, before, allocate);
  }
  if (isKind(object, 'Pod')) return completePod(object);
  if (isKind(object, 'Namespace')) {
    const labels = { 'kubernetes.io/metadata.name': object.metadata.name, ...object.metadata.labels };
    return { ...object, metadata: { ...object.metadata, labels }, status: { phase: 'Active' } };
  }
  return object;
}

function completePod(pod: PodObject): PodObject {
  const spec = {
    restartPolicy: 'Always' as const,
    terminationGracePeriodSeconds: 30,
    ...pod.spec,
    serviceAccountName: pod.spec.serviceAccountName || 'default',
  };
  return { ...pod, spec, status: pod.status ?? { phase: 'Pending' } };
}
