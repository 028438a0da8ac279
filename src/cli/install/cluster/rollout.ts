import type { KubernetesObject } from '../../../controller/index.ts';
import type { Progress } from '../../terminal/index.ts';
import type { Cluster } from './cluster.ts';
import { CONTROLLER, type Manifest, NAMESPACE, ZTUNNEL } from '../objects/manifest.ts';
import { waitUntil } from './wait.ts';

/** Waits until all replicas of the controller run what was applied. Rejects with ERR_CLI_TIMEOUT. */
export function waitForController(cluster: Cluster, wait: WaitOptions): Promise<void> {
  return waitForRollout(cluster, { kind: 'Deployment', name: CONTROLLER }, wait);
}

/** Waits until every node has a ztunnel that runs what was applied. Rejects with ERR_CLI_TIMEOUT. */
export function waitForZtunnels(cluster: Cluster, wait: WaitOptions): Promise<void> {
  return waitForRollout(cluster, { kind: 'DaemonSet', name: ZTUNNEL }, wait);
}

export interface WaitOptions {
  readonly timeoutMs: number;
  readonly progress: Progress;
}

function waitForRollout(
  cluster: Cluster,
  { kind, name }: { readonly kind: 'Deployment' | 'DaemonSet'; readonly name: string },
  wait: WaitOptions,
): Promise<void> {
  const object: Pick<Manifest, 'apiVersion' | 'kind' | 'metadata'> = {
    apiVersion: 'apps/v1',
    kind,
    metadata: { name, namespace: NAMESPACE },
  };
  const resource = `${kind.toLowerCase()}/${name}`;
  return waitUntil(async () => missingOf(await cluster.find(object)), {
    ...wait,
    what: `${resource} is rolled out`,
    hint: `kubectl -n ${NAMESPACE} describe ${resource}; kubectl -n ${NAMESPACE} get events`,
  });
}

/** What a rollout still waits for, or undefined. A Deployment and a DaemonSet count with different words. */
export function missingOf(object: KubernetesObject | undefined): string | undefined {
  if (object === undefined) return 'it is not there';
  const status = (object.status ?? {}) as Readonly<Record<string, number | undefined>>;
  const spec = (object.spec ?? {}) as { readonly replicas?: number };
  if ((status.observedGeneration ?? 0) < (object.metadata.generation ?? 0))
    return 'Kubernetes has not begun with it yet';
  const wanted = status.desiredNumberScheduled ?? spec.replicas ?? 1;
  const updated = status.updatedNumberScheduled ?? status.updatedReplicas ?? 0;
  const available = status.numberAvailable ?? status.availableReplicas ?? 0;
  if (updated < wanted) return `${updated} of ${wanted} are new`;
  return available < wanted ? `${available} of ${wanted} are available` : undefined;
}
