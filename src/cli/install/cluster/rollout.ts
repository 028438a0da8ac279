import type { Progress } from '../../terminal/index.ts';
import type { Cluster } from './cluster.ts';
import { CONTROLLER, NAMESPACE, ZTUNNEL } from '../objects/manifest.ts';
import { missingZtunnels } from './own-pods.ts';
import { explainMissing } from './late-pods.ts';
import { missingOf } from './rollout-status.ts';
import { type Missing, waitUntil } from './wait.ts';

/** Waits until all replicas of the controller run what was applied. Rejects with ERR_CLI_TIMEOUT. */
export function waitForController(cluster: Cluster, wait: WaitOptions): Promise<void> {
  const object = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: CONTROLLER, namespace: NAMESPACE },
  };
  const look = async () => {
    const missing = missingOf(await cluster.find(object));
    return missing === undefined ? undefined : explainMissing(cluster, 'controller', missing);
  };
  return waitForRollout(`deployment/${CONTROLLER}`, look, wait);
}

/** Waits until every node has a ztunnel that runs what was applied. Rejects with ERR_CLI_TIMEOUT. */
export function waitForZtunnels(cluster: Cluster, wait: WaitOptions): Promise<void> {
  const look = async () => {
    const missing = await missingZtunnels(cluster);
    return missing === undefined ? undefined : explainMissing(cluster, 'ztunnel', missing);
  };
  return waitForRollout(`daemonset/${ZTUNNEL}`, look, wait);
}

/** How long each step may take, in milliseconds, and where it shows that it goes on. */
export interface WaitOptions {
  readonly timeoutMs: number;
  readonly progress: Progress;
}

function waitForRollout(
  resource: string,
  look: () => Promise<Missing | undefined>,
  wait: WaitOptions,
): Promise<void> {
  return waitUntil(look, {
    ...wait,
    what: `${resource} is rolled out`,
    hint: `kubectl -n ${NAMESPACE} describe ${resource}; kubectl -n ${NAMESPACE} get events`,
  });
}
