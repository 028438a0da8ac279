import type { KubernetesObject } from '../../../controller/index.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { podsOf } from '../cluster/own-pods.ts';
import { removeObjects } from '../cluster/remove-objects.ts';
import type { WaitOptions } from '../cluster/rollout.ts';
import { missingOf } from '../cluster/rollout-status.ts';
import { waitUntil } from '../cluster/wait.ts';
import { type Manifest, NAMESPACE } from '../objects/manifest.ts';
import { PLUGIN_REMOVER_COMPONENT, pluginRemoverOf } from './clean-up-objects.ts';
import { cleanUpRecord } from './clean-up-record.ts';
import { applyWhileThere, isNamespaceGoing } from './namespace-there.ts';

/**
 * Ends the ztunnels and waits until the last one has. That takes as long as the connections that they carry, and meanwhile no
 * ztunnel answers the CNI plugin: it is taken out first, so that pods start. Rejects with KubernetesError or ERR_CLI_TIMEOUT;
 * another call then goes on.
 */
export async function endZtunnels(
  cluster: Cluster,
  {
    ztunnels,
    cleanUp,
    ...wait
  }: WaitOptions & {
    readonly ztunnels: readonly Manifest[];
    /** What cleans nodes once none runs. */
    readonly cleanUp: Manifest;
  },
): Promise<void> {
  // Before what it was made like goes: from then on nobody else knows.
  await applyWhileThere(cluster, cleanUpRecord(cleanUp), wait);
  await removeObjects(cluster, ztunnels, wait.progress);
  // From its pod's deletion on a kubelet ends what keeps the plugin in, whatever it reports of that container.
  await waitUntil(async () => stayingText((await podsOf(cluster, 'ztunnel')).filter(isStaying)), {
    ...wait,
    what: 'every ztunnel has been told to end',
    hint: `Kubernetes' controller manager tells them, once their DaemonSet is gone: kubectl -n ${NAMESPACE} get pods -l app.kubernetes.io/component=ztunnel; kubectl -n kube-system get pods`,
  });
  const remover = pluginRemoverOf(cleanUp);
  if (remover !== undefined && (await podsOf(cluster, 'ztunnel')).length > 0)
    await takePluginOut(cluster, remover, wait);
  await waitUntil(async () => endingText(await podsOf(cluster, 'ztunnel')), {
    ...wait,
    what: 'no ztunnel runs any more',
    hint: `a ztunnel ends with the last connection that it carries; new pods start meanwhile, without the mesh. A longer --timeout waits for that; to cut them: ${CUT}; then run this again`,
  });
}

/** On every node, or as long as it takes the ztunnels to end: then the rest of the clean-up is due, and does this too. */
async function takePluginOut(cluster: Cluster, remover: Manifest, wait: WaitOptions): Promise<void> {
  if (!(await applyWhileThere(cluster, remover, wait))) return;
  let isOut = false;
  await waitUntil(
    async () => {
      const missing = missingOf(await cluster.find(remover));
      isOut = missing === undefined;
      if (isOut || (await podsOf(cluster, 'ztunnel')).length === 0) return undefined;
      return (await isNamespaceGoing(cluster)) ? undefined : missing;
    },
    {
      ...wait,
      what: PODS_START,
      done: () => (isOut ? PODS_START : 'no ztunnel is left to wait for'),
      hint: `kubectl -n ${NAMESPACE} logs -l app.kubernetes.io/component=${PLUGIN_REMOVER_COMPONENT} --all-containers`,
    },
  );
}

function isStaying({ metadata }: KubernetesObject): boolean {
  return metadata.deletionTimestamp === undefined;
}

function stayingText({ length }: readonly KubernetesObject[]): string | undefined {
  if (length === 0) return undefined;
  return length === 1 ? '1 has not' : `${length} have not`;
}

/** Of pods that are to end; undefined: there are none. */
export function endingText({ length }: readonly KubernetesObject[]): string | undefined {
  if (length === 0) return undefined;
  return length === 1 ? '1 pod is ending' : `${length} pods are ending`;
}

/**
 * A second signal, which ends a ztunnel at once. Not a pod's deletion with a shorter grace period: a kubelet that already waits for a
 * container goes by what it began with (kubernetes/kubernetes#83916).
 */
const CUT = `for pod in $(kubectl -n ${NAMESPACE} get pods -l app.kubernetes.io/component=ztunnel -o name); do kubectl -n ${NAMESPACE} exec $pod -c ztunnel -- sh -c 'kill 1'; done`;
const PODS_START = 'on every node new pods start without the mesh';
