import { applyObjects } from '../cluster/apply-objects.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { type Fields, labelsOf, type Manifest, meta, NAMESPACE, selectorOf } from '../objects/manifest.ts';
import { type InstallSettings, renderObjects } from '../objects/settings.ts';
import { CNI_FOLDERS } from '../objects/ztunnel-daemonset.ts';
import { removeObjects } from '../cluster/remove-objects.ts';
import { missingOf, type WaitOptions } from '../cluster/rollout.ts';
import { waitUntil } from '../cluster/wait.ts';

/**
 * Takes the CNI plugin and its configuration off every node, and waits until it is off all of them. Rejects with KubernetesError or ERR_CLI_TIMEOUT.
 */
export async function cleanUpNodes(
  cluster: Cluster,
  settings: InstallSettings,
  wait: WaitOptions,
): Promise<void> {
  const object = cleanUpObject(settings);
  if (object === undefined) return;
  await applyObjects(cluster, [object], wait);
  await waitUntil(async () => missingOf(await cluster.find(object)), {
    ...wait,
    what: 'every node is clean',
    hint: `kubectl -n ${NAMESPACE} logs -l app.kubernetes.io/component=${COMPONENT} -c clean-up`,
  });
  await removeObjects(cluster, [object], wait.progress);
}

/** A DaemonSet like that of the ztunnels, which gets to where they were; undefined where there is no plugin. */
export function cleanUpObject(settings: InstallSettings): Manifest | undefined {
  const daemonSet = renderObjects(settings).find(({ kind }) => kind === 'DaemonSet') as unknown as DaemonSet;
  const { spec } = daemonSet.spec.template;
  const plugin = spec.containers.find(({ name }) => name === 'cni');
  if (plugin === undefined) return undefined;
  const { volumeMounts, ...same } = plugin;
  const worker: Fields = {
    ...same,
    volumeMounts,
    name: 'clean-up',
    args: ['cni', 'uninstall', ...CNI_FOLDERS],
  };
  const waiter: Fields = {
    ...same,
    name: 'done',
    command: ['sleep', 'infinity'],
    args: [],
    securityContext: {
      allowPrivilegeEscalation: false,
      capabilities: { drop: ['ALL'] },
      readOnlyRootFilesystem: true,
      runAsNonRoot: true,
      runAsUser: 65_532,
      runAsGroup: 65_532,
    },
  };
  const mounted = new Set(volumeMounts.map(({ name }) => name));
  const volumes = spec.volumes.filter(({ name }) => mounted.has(name));
  return {
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    metadata: meta('nodemesh-clean-up', COMPONENT),
    spec: {
      selector: { matchLabels: selectorOf(COMPONENT) },
      template: {
        metadata: { labels: labelsOf(COMPONENT) },
        // A pod is ready when its first container has ended well: then its node is clean.
        spec: {
          ...spec,
          terminationGracePeriodSeconds: 1,
          initContainers: [worker],
          containers: [waiter],
          volumes,
        },
      },
    },
  };
}

interface DaemonSet {
  readonly spec: {
    readonly template: {
      readonly spec: Fields & {
        readonly containers: readonly (Fields & {
          readonly name: string;
          readonly volumeMounts: readonly (Fields & { readonly name: string })[];
        })[];
        readonly volumes: readonly (Fields & { readonly name: string })[];
      };
    };
  };
}

const COMPONENT = 'clean-up';
