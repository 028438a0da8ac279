import { basename, dirname } from 'node:path';
import { type Fields, labelsOf, type Manifest, meta, selectorOf, ZTUNNEL } from '../objects/manifest.ts';
import { type InstallSettings, renderObjects } from '../objects/settings.ts';
import { CNI_FOLDERS, NODE_FOLDER } from '../objects/ztunnel-daemonset.ts';

/** Of ztunnels as these settings have them. */
export function cleanUpObject(settings: InstallSettings): Manifest {
  const [ztunnels = {}] = renderObjects(settings).filter(({ kind }) => kind === 'DaemonSet');
  return cleanUpLike(ztunnels);
}

/** A DaemonSet like that of the ztunnels, which gets to where they were, with the ztunnel's capabilities. */
export function cleanUpLike(daemonSet: object): Manifest {
  const { spec } = (daemonSet as DaemonSet).spec.template;
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
  return cleanUpWith({
    selector: { matchLabels: selectorOf(CLEAN_UP_COMPONENT) },
    template: {
      metadata: { labels: labelsOf(CLEAN_UP_COMPONENT) },
      // A pod is ready when those before the last have ended well: then its node is clean.
      spec: {
        ...spec,
        terminationGracePeriodSeconds: 1,
        initContainers: workers,
        containers: [waiter],
        volumes,
      },
    },
  });
}

/** By its specification alone, which is all that is made like the ztunnels. */
export function cleanUpWith(spec: Fields): Manifest {
  return { apiVersion: 'apps/v1', kind: 'DaemonSet', metadata: meta(CLEAN_UP, CLEAN_UP_COMPONENT), spec };
}

/**
 * What takes the CNI plugin out and keeps it out while ztunnels end, so that pods start; undefined: the nodes have none. `cleanUp` is
 * what will do the whole work on the same nodes.
 */
export function pluginRemoverOf(cleanUp: Manifest): Manifest | undefined {
  const { spec } = (cleanUp as unknown as CleanUp).spec.template;
  const worker = spec.initContainers.find(({ name }) => name === CNI_WORKER);
  if (worker === undefined) return undefined;
  // Files of the node are all that it sees: no reason to be less confined than others.
  const { appArmorProfile: _unconfined, ...securityContext } = spec.securityContext ?? {};
  return {
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    metadata: meta(PLUGIN_REMOVER, PLUGIN_REMOVER_COMPONENT),
    spec: {
      selector: { matchLabels: selectorOf(PLUGIN_REMOVER_COMPONENT) },
      template: {
        metadata: { labels: labelsOf(PLUGIN_REMOVER_COMPONENT) },
        // A pod is ready when the plugin is out. Who puts it in may be told to end only after that.
        spec: {
          ...spec,
          securityContext,
          initContainers: [worker],
          containers: [{ ...worker, name: 'stays-out', args: [...worker.args, '--watch'] }],
          volumes: spec.volumes.filter(({ name }) =>
            worker.volumeMounts.some((mount) => mount.name === name),
          ),
        },
      },
    },
  };
}

function cniWorker({ args: _install, ...same }: Container): Worker {
  return { ...same, name: CNI_WORKER, args: ['cni', 'uninstall', ...CNI_FOLDERS] };
}

/** It needs of the ztunnel's what leads to pods and their rules, and neither its token nor its ports. */
function nodeWorker({ image, imagePullPolicy, securityContext, volumeMounts }: Container): Worker {
  return {
    name: 'clean-up-node',
    image,
    imagePullPolicy,
    args: ['node-cleanup', '--host-proc=/host/proc', `--node-folder=/host/run/${basename(NODE_FOLDER)}`],
    terminationMessagePolicy: 'FallbackToLogsOnError',
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

interface Worker extends Container {
  readonly args: readonly string[];
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

interface CleanUp {
  readonly spec: {
    readonly template: {
      readonly spec: Fields & {
        readonly securityContext?: Fields;
        readonly initContainers: readonly Worker[];
        readonly volumes: readonly Named[];
      };
    };
  };
}

/** What the folder is in: from within itself, a folder that is mounted cannot be removed. */
const HOST_RUN: Named = { name: 'host-run', hostPath: { path: dirname(NODE_FOLDER), type: 'Directory' } };
const CNI_WORKER = 'clean-up-cni';
const CLEAN_UP = 'nodemesh-clean-up';
const PLUGIN_REMOVER = 'nodemesh-clean-up-cni';
/** By which the pods are found that do the whole work on a node. */
export const CLEAN_UP_COMPONENT = 'clean-up';
/** Those that only keep the CNI plugin out. */
export const PLUGIN_REMOVER_COMPONENT = 'clean-up-cni';
/** What of these runs on nodes, by name. */
export const CLEAN_UPS: readonly Manifest[] = [
  cleanUpWith({}),
  { ...cleanUpWith({}), metadata: meta(PLUGIN_REMOVER, PLUGIN_REMOVER_COMPONENT) },
];
