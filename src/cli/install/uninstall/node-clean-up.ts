import { applyObjects } from '../cluster/apply-objects.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { type Fields, labelsOf, type Manifest, meta, NAMESPACE, selectorOf } from '../objects/manifest.ts';
import { type InstallSettings, renderObjects } from '../objects/settings.ts';
import { removeObjects } from '../cluster/remove-objects.ts';
import { missingOf, type WaitOptions } from '../cluster/rollout.ts';
import { waitUntil } from '../cluster/wait.ts';

/**
 * Runs the clean-up on every node and waits until all have done it: rules of the host and of pods, the CNI plugin and its
 * configuration, sockets and what was saved. Rejects with KubernetesError or ERR_CLI_TIMEOUT.
 */
export async function cleanUpNodes(
  cluster: Cluster,
  settings: InstallSettings,
  wait: WaitOptions,
): Promise<void> {
  const object = cleanUpObject(settings);
  await applyObjects(cluster, [object], wait);
  await waitUntil(async () => missingOf(await cluster.find(object)), {
    ...wait,
    what: 'every node is clean',
    hint: `kubectl -n ${NAMESPACE} logs -l app.kubernetes.io/component=${COMPONENT} -c clean-up`,
  });
  await removeObjects(cluster, [object], wait.progress);
}

/** A DaemonSet like that of the ztunnels: where one of them was, this gets to, with the same rights and folders. */
export function cleanUpObject(settings: InstallSettings): Manifest {
  const daemonSet = renderObjects(settings).find(({ kind }) => kind === 'DaemonSet') as unknown as DaemonSet;
  const { spec } = daemonSet.spec.template;
  const [container] = spec.containers;
  const folders = new Set(
    spec.volumes.flatMap(({ name, hostPath }) => (hostPath === undefined ? [] : [name])),
  );
  const { ports: _ports, readinessProbe: _probe, ...same } = container ?? {};
  const worker: Fields = {
    ...same,
    name: 'clean-up',
    args: ['node-cleanup', '--host-proc=/host/proc'],
    volumeMounts: (container?.volumeMounts ?? []).filter(({ name }) => folders.has(name) || name === 'tmp'),
  };
  const waiter: Fields = {
    ...worker,
    name: 'done',
    command: ['sleep', 'infinity'],
    args: [],
    volumeMounts: [],
    securityContext: {
      allowPrivilegeEscalation: false,
      capabilities: { drop: ['ALL'] },
      readOnlyRootFilesystem: true,
      runAsNonRoot: true,
      runAsUser: 65_532,
      runAsGroup: 65_532,
    },
  };
  const volumes = spec.volumes.filter(({ name }) => folders.has(name) || name === 'tmp');
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
          readonly volumeMounts?: readonly (Fields & { readonly name: string })[];
        })[];
        readonly volumes: readonly (Fields & { readonly name: string })[];
      };
    };
  };
}

const COMPONENT = 'clean-up';
