import type { KubernetesObject } from '../../../controller/index.ts';

/** What a rollout still waits for, or undefined. A Deployment and a DaemonSet count with different words. */
export function missingOf(object: KubernetesObject | undefined): string | undefined {
  if (object === undefined) return 'it is not there';
  const status = (object.status ?? {}) as Readonly<Record<string, number | undefined>>;
  const spec = (object.spec ?? {}) as { readonly replicas?: number };
  if ((status.observedGeneration ?? 0) < (object.metadata.generation ?? 0)) return NOT_BEGUN;
  const wanted = status.desiredNumberScheduled ?? spec.replicas ?? 1;
  const updated = status.updatedNumberScheduled ?? status.updatedReplicas ?? 0;
  const available = status.numberAvailable ?? status.availableReplicas ?? 0;
  return missingText({ wanted, updated, available });
}

/** The sentence for what is not as it is wanted, or undefined. */
export function missingText(counts: {
  readonly wanted: number;
  readonly updated: number;
  readonly available: number;
}): string | undefined {
  const { wanted, updated, available } = counts;
  if (updated < wanted) return `${updated} of ${wanted} are new`;
  return available < wanted ? `${available} of ${wanted} are available` : undefined;
}

export const NOT_BEGUN = 'Kubernetes has not begun with it yet';
