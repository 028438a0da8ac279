import { basename, dirname } from 'node:path';
import { applyObjects } from '../cluster/apply-objects.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { type Fields, labelsOf, type Manifest, meta, NAMESPACE, selectorOf } from '../objects/manifest.ts';
import { type InstallSettings, renderObjects } from '../objects/settings.ts';
import { CNI_FOLDERS, NODE_FOLDER } from '../objects/ztunnel-daemonset.ts';
import { removeObjects } from '../cluster/remove-objects.ts';
import { missingOf, type WaitOptions } from '../cluster/rollout.ts';
import { waitUntil } from '../cluster/wait.ts';

/**
 * Takes everything off every node that ztunnels and the CNI plugin have left there, and waits until it is off all of them.
 * Rejects with KubernetesError or ERR_CLI_TIMEOUT.
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
    hint: `kubectl -n ${NAMESPACE} logs -l app.kubernetes.io/component=${COMPONENT} --all-containers`,
  });
  await removeObjects(cluster, [object], wait.progress);
}

/** A DaemonSet like that of the ztunnels, which gets to where they were, with the ztunnel's capabilities. */
export function cleanUpObject(settings: InstallSettings): Manifest {
  const daemonSet = renderObjects(settings).find(({ kind }) => kind === 'DaemonSet') as unknown as DaemonSet;
  const { spec } = daemonSet.spec.template;
  const workers = spec.containers.map((container) =>
    container.name === 'cni' ? cniWorker(container) : nodeWorker(container),
  );
  // First what would keep pods from starting.
  workers.sort((one, other) => one.name.localeCompare(other.name));
  const [{ image, imagePullPolicy }] = spec.containers;
  const waiter: Fields = {
    image,
    imagePullPolicy,
    name: 'done',
    command: ['sleep', 'infinity'],
    resources: { requests: { cpu: '5m', memory: '64Mi' } },
    securityContext: {
      allowPrivilegeEscalation: false,
      capabilities: { drop: ['ALL'] },
      readOnlyRootFilesystem: true,
      runAsNonRoot: true,
      runAsUser: 65_532,
      runAsGroup: 65_532,
    },
  };
  const mounted = new Set(workers.flatMap(({ volumeMounts }) => volumeMounts.map(({ name }) => name)));
  const volumes = [...spec.volumes, HOST_RUN].filter(({ name }) => mounted.has(name));
  return {
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    metadata: meta('nodemesh-clean-up', COMPONENT),
    spec: {
      selector: { matchLabels: selectorOf(COMPONENT) },
      template: {
        metadata: { labels: labelsOf(COMPONENT) },
        // A pod is ready when those before the last have ended well: then its node is clean.
        spec: {
          ...spec,
          terminationGracePeriodSeconds: 1,
          initContainers: workers,
          containers: [waiter],
          volumes,
        },
      },
    },
  };
}

function cniWorker({ args: _install, ...same }: Container): Container {
  return { ...same, name: 'clean-up-cni', args: ['cni', 'uninstall', ...CNI_FOLDERS] };
}

/** It needs of the ztunnel's what leads to pods and their rules, and neither its token nor its ports. */
function nodeWorker({ image, imagePullPolicy, securityContext, volumeMounts }: Container): Container {
  return {
    name: 'clean-up-node',
    image,
    imagePullPolicy,
    args: ['node-cleanup', '--host-proc=/host/proc', `--node-folder=/host/run/${basename(NODE_FOLDER)}`],
    resources: { requests: { cpu: '5m', memory: '64Mi' } },
    securityContext,
    volumeMounts: [
      ...volumeMounts.filter(({ name }) => ['host-proc', 'xtables-lock', 'tmp'].includes(name)),
      { name: HOST_RUN.name, mountPath: '/host/run' },
    ],
  };
}

interface Named extends Fields {
  readonly name: string;
}

interface Container extends Named {
  readonly image: string;
  readonly imagePullPolicy: string;
  readonly securityContext: Fields;
  readonly volumeMounts: readonly Named[];
}

interface DaemonSet {
  readonly spec: {
    readonly template: {
      readonly spec: Fields & {
        readonly containers: readonly [Container, ...Container[]];
        readonly volumes: readonly Named[];
      };
    };
  };
}

/** What the folder is in: from within itself, a folder that is mounted cannot be removed. */
const HOST_RUN: Named = { name: 'host-run', hostPath: { path: dirname(NODE_FOLDER), type: 'Directory' } };
const COMPONENT = 'clean-up';
