import type { Cluster, ObjectName } from '../cluster/cluster.ts';
import { podsOf } from '../cluster/own-pods.ts';
import { removeObjects } from '../cluster/remove-objects.ts';
import type { WaitOptions } from '../cluster/rollout.ts';
import { waitUntil } from '../cluster/wait.ts';
import { NAMESPACE } from '../objects/manifest.ts';
import { CLEAN_UP_COMPONENT, CLEAN_UPS, PLUGIN_REMOVER_COMPONENT } from './clean-up-objects.ts';
import { CLEAN_UP_RECORD } from './clean-up-record.ts';
import { endingText } from './end-ztunnels.ts';

/** What an `uninstall` leaves that does not come to its end, by name. */
export const LEFT_CLEAN_UP: readonly ObjectName[] = [...CLEAN_UPS, CLEAN_UP_RECORD];

/**
 * Ends what an `uninstall` has left that did not come to its end, and waits until none of it runs: it would take away what ztunnels
 * and their CNI plugin need. Rejects with KubernetesError or ERR_CLI_TIMEOUT.
 */
export async function endLeftCleanUp(cluster: Cluster, wait: WaitOptions): Promise<void> {
  await removeObjects(cluster, LEFT_CLEAN_UP, wait.progress);
  const podsLeft = async (): Promise<string | undefined> =>
    endingText([
      ...(await podsOf(cluster, PLUGIN_REMOVER_COMPONENT)),
      ...(await podsOf(cluster, CLEAN_UP_COMPONENT)),
    ]);
  if ((await podsLeft()) === undefined) return;
  await waitUntil(podsLeft, {
    ...wait,
    what: 'no clean-up of nodes runs any more',
    hint: `kubectl -n ${NAMESPACE} get pods -o wide; of a node that is gone for good: kubectl -n ${NAMESPACE} delete pods --force -l 'app.kubernetes.io/component in (${CLEAN_UP_COMPONENT}, ${PLUGIN_REMOVER_COMPONENT})'`,
  });
}
