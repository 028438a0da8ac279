import { basename, dirname } from 'node:path';
import { applyObjects } from '../cluster/apply-objects.ts';
import type { Cluster } from '../cluster/cluster.ts';
import {
  type Fields,
  labelsOf,
  type Manifest,
  meta,
  NAMESPACE,
  selectorOf,
  ZTUNNEL,
} from '../objects/manifest.ts';
import { type InstallSettings, renderObjects } from '../objects/settings.ts';
import { CNI_FOLDERS, NODE_FOLDER } from '../objects/ztunnel-daemonset.ts';
import { removeObjects } from '../cluster/remove-objects.ts';
import type { WaitOptions } from '../cluster/rollout.ts';
import { missingOf } from '../cluster/rollout-status.ts';
import { waitUntil } from '../cluster/wait.ts';

/**
 * Takes everything off every node that ztunnels and the CNI plugin have left there, and waits until it is off all of them,
 * or until the namespace goes: nothing can be run in it any more. Another `uninstall` may do the same meanwhile. Rejects with
 * KubernetesError or ERR_CLI_TIMEOUT.
 */
export async function cleanUpNodes(cluster: Cluster, object: Manifest, wait: WaitOptions): Promise<void> {
  let isGoing = false;
  const apply = async (): Promise<void> => {
    try {
      await applyObjects(cluster, [object], wait);
    } catch (error) {
      // That it goes shows in many ways: as forbidden, as not found.
      isGoing = await isNamespaceGoing(cluster);
      if (!isGoing) throw error;
    }
  };
  await apply();
  await waitUntil(
    async () => {
      isGoing ||= await isNamespaceGoing(cluster);
      if (isGoing) return undefined;
      const found = await cluster.find(object);
      // Who else works on this has seen its end, which proves nothing to us; twice harms nobody.
      if (found === undefined) await apply();
      return missingOf(found);
    },
    {
      ...wait,
      what: EVERY_NODE_IS_CLEAN,
      done: () => (isGoing ? NOTHING_CAN_RUN : EVERY_NODE_IS_CLEAN),
      hint: `kubectl -n ${NAMESPACE} logs -l app.kubernetes.io/component=${COMPONENT} --all-containers`,
    },
  );
  await removeObjects(cluster, [object], wait.progress);
}

async function isNamespaceGoing(cluster: Cluster): Promise<boolean> {
  const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } };
  const found = await cluster.find(namespace);
  return found === undefined || found.metadata.deletionTimestamp !== undefined;
}

/**
 * What is to clean the nodes. It is made like the ztunnels that run, whoever has installed them: only these tell of an image,
 * of folders for CNI plugins and of nodes that somebody has chosen. Where they have gone it is what an `uninstall` before this
 * one has left, else by `settings`. Rejects with KubernetesError.
 */
export async function findCleanUp(cluster: Cluster, settings: InstallSettings): Promise<Manifest> {
  const byName = (name: string) =>
    cluster.find({ apiVersion: 'apps/v1', kind: 'DaemonSet', metadata: { name, namespace: NAMESPACE } });
  const ztunnels = await byName(ZTUNNEL);
  if (ztunnels !== undefined) return cleanUpLike(ztunnels as unknown as DaemonSet);
  const before = (await byName(CLEAN_UP)) as unknown as Manifest | undefined;
  if (before === undefined) return cleanUpObject(settings);
  return { ...bareCleanUp(), spec: before.spec ?? {} };
}

/** Of ztunnels as these settings have them. */
export function cleanUpObject(settings: InstallSettings): Manifest {
  return cleanUpLike(
    renderObjects(settings).find(({ kind }) => kind === 'DaemonSet') as unknown as DaemonSet,
  );
}

/** A DaemonSet like that of the ztunnels, which gets to where they were, with the ztunnel's capabilities. */
function cleanUpLike(daemonSet: DaemonSet): Manifest {
  const { spec } = daemonSet.spec.template;
  const workers = spec.containers.flatMap((container) => {
    if (container.name === 'cni') return [cniWorker(container)];
    return container.name === ZTUNNEL ? [nodeWorker(container)] : [];
  });
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
    ...bareCleanUp(),
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

function bareCleanUp(): Manifest {
  return { apiVersion: 'apps/v1', kind: 'DaemonSet', metadata: meta(CLEAN_UP, COMPONENT) };
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
const CLEAN_UP = 'nodemesh-clean-up';
const EVERY_NODE_IS_CLEAN = 'every node is clean';
const NOTHING_CAN_RUN = `namespace ${NAMESPACE} is going already: nothing can be run on the nodes any more`;
