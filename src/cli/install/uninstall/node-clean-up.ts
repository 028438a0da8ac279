import type { Cluster } from '../cluster/cluster.ts';
import { type Manifest, NAMESPACE } from '../objects/manifest.ts';
import { removeObjects } from '../cluster/remove-objects.ts';
import type { WaitOptions } from '../cluster/rollout.ts';
import { missingOf } from '../cluster/rollout-status.ts';
import { waitUntil } from '../cluster/wait.ts';
import { CLEAN_UP_COMPONENT, CLEAN_UPS } from './clean-up-objects.ts';
import { applyWhileThere, isNamespaceGoing } from './namespace-there.ts';

/**
 * Takes everything off every node that ztunnels and the CNI plugin have left there, and waits until it is off all of them,
 * or until the namespace goes: nothing can be run in it any more. Another `uninstall` may do the same meanwhile. Rejects with
 * KubernetesError or ERR_CLI_TIMEOUT.
 */
export async function cleanUpNodes(
  cluster: Cluster,
  {
    cleanUp,
    account,
    ...wait
  }: WaitOptions & {
    readonly cleanUp: Manifest;
    /** The ServiceAccount of its pods; who has uninstalled by other means before has taken it away. */
    readonly account: Manifest | undefined;
  },
): Promise<void> {
  if (account !== undefined && (await cluster.find(account)) === undefined)
    await applyWhileThere(cluster, account, wait);
  let isGoing = !(await applyWhileThere(cluster, cleanUp, wait));
  await waitUntil(
    async () => {
      isGoing ||= await isNamespaceGoing(cluster);
      if (isGoing) return undefined;
      const found = await cluster.find(cleanUp);
      // Who else works on this has seen its end, which proves nothing to us; twice harms nobody.
      if (found === undefined) isGoing = !(await applyWhileThere(cluster, cleanUp, wait));
      return missingOf(found);
    },
    {
      ...wait,
      what: EVERY_NODE_IS_CLEAN,
      done: () => (isGoing ? NOTHING_CAN_RUN : EVERY_NODE_IS_CLEAN),
      hint: `what it says: kubectl -n ${NAMESPACE} logs -l app.kubernetes.io/component=${CLEAN_UP_COMPONENT} --all-containers; where there is no pod: kubectl -n ${NAMESPACE} get events`,
    },
  );
  await removeObjects(cluster, CLEAN_UPS, wait.progress);
}

const EVERY_NODE_IS_CLEAN = 'every node is clean';
const NOTHING_CAN_RUN = `namespace ${NAMESPACE} is going already: nothing can be run on the nodes any more`;
