import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import type { Command } from 'commander';
import type {
  KubernetesAccess,
  KubernetesApi,
  KubernetesObject,
  ResourceTarget,
  ResourceType,
} from '../../../controller/index.ts';
import type { CliContext } from '../../context.ts';
import { CliError } from '../../errors.ts';
import type { Manifest } from '../objects/manifest.ts';

/** As given on the command line; undefined: the client's own default, as kubectl has it. */
export interface ClusterOptions {
  readonly kubeconfig?: string;
  readonly context?: string;
}

/** What an object is found by. */
export type ObjectName = Pick<Manifest, 'apiVersion' | 'kind' | 'metadata'>;

/** The cluster that a command works on. */
export interface Cluster {
  readonly api: KubernetesApi;
  /** Where an object has its place; undefined: the API server does not know its kind. */
  targetOf(object: ObjectName): Promise<ResourceTarget | undefined>;
  /** Undefined: there is none, or its kind is not known. */
  find(object: ObjectName): Promise<KubernetesObject | undefined>;
  /** Changes what `change` names, by a merge patch; false: it was not there. */
  merge(object: ObjectName, change: Readonly<Record<string, unknown>>): Promise<boolean>;
  /** Deletes it, and in the background what it owns; false: it was not there. */
  remove(object: ObjectName): Promise<boolean>;
  /** All of a kind, page by page; empty where the kind is not known. */
  list(apiVersion: string, kind: string, labelSelector?: string): Promise<readonly KubernetesObject[]>;
  /** Whether the API server serves this version of a group. */
  serves(apiVersion: string): Promise<boolean>;
  /** What was asked about kinds is asked again: new ones have been applied. */
  forgetKinds(): void;
}

/** The flags by which a command takes another cluster than kubectl would; the same command comes back. */
export function withClusterOptions(command: Command): Command {
  return command
    .option(
      '--kubeconfig <file>',
      'the cluster and who you are there (default: KUBECONFIG, else ~/.kube/config)',
    )
    .option('--context <name>', 'which context of that file (default: its current one)');
}

/** Runs `work` with a client that is closed afterwards. Rejects with KubernetesError. */
export async function withCluster<T>(
  context: CliContext,
  options: ClusterOptions,
  work: (cluster: Cluster) => Promise<T>,
): Promise<T> {
  const cluster = await openCluster(context, options);
  try {
    return await work(cluster);
  } finally {
    await cluster.api.close();
  }
}

/** A client whose `api` the caller closes. Nothing is asked yet. */
export async function openCluster(context: CliContext, options: ClusterOptions): Promise<Cluster> {
  // Loaded where it is needed: most commands have nothing to do with a cluster.
  const { createKubernetesApi, isKubernetesError } = await import('../../../controller/kubernetes/index.ts');
  const api = createKubernetesApi({ access: accessOf(context, options) });
  return clusterOf(api, (error) => isKubernetesError(error, 'ERR_KUBERNETES_NOT_FOUND'));
}

/** Which cluster is meant, and as whom. Throws CliError. */
export function accessOf(context: CliContext, options: ClusterOptions): KubernetesAccess {
  return { kind: 'kubeconfig', file: kubeconfigFile(context, options), context: options.context };
}

function clusterOf(api: KubernetesApi, isNotFound: (error: unknown) => boolean): Cluster {
  const known = new Map<string, Promise<ReadonlyMap<string, ResourceType> | undefined>>();
  const kindsOf = (apiVersion: string): Promise<ReadonlyMap<string, ResourceType> | undefined> => {
    const found = known.get(apiVersion) ?? readKinds(api, apiVersion);
    known.set(apiVersion, found);
    return found;
  };
  /** False: what is to be changed is not there, or not any more. */
  const done = async (
    object: ObjectName,
    change: (target: ResourceTarget) => Promise<unknown>,
  ): Promise<boolean> => {
    const target = await cluster.targetOf(object);
    if (target === undefined) return false;
    try {
      await change(target);
      return true;
    } catch (error) {
      if (isNotFound(error)) return false;
      throw error;
    }
  };
  const cluster: Cluster = {
    api,
    async targetOf({ apiVersion, kind, metadata }) {
      const resource = (await kindsOf(apiVersion))?.get(kind);
      if (resource === undefined) return undefined;
      const namespace = metadata.namespace === undefined ? undefined : String(metadata.namespace);
      return { resource, namespace, name: metadata.name };
    },
    async find(object) {
      const target = await cluster.targetOf(object);
      if (target === undefined) return undefined;
      try {
        return await api.get(target);
      } catch (error) {
        if (isNotFound(error)) return undefined;
        throw error;
      }
    },
    merge: (object, body) => done(object, (target) => api.patch(target, { type: 'merge', body })),
    remove: (object) => done(object, (target) => api.delete(target, { propagation: 'Background' })),
    async list(apiVersion, kind, labelSelector) {
      const resource = (await kindsOf(apiVersion))?.get(kind);
      if (resource === undefined) return [];
      const items: KubernetesObject[] = [];
      const { listPages } = await import('../../../controller/kubernetes/index.ts');
      for await (const page of listPages(api, { resource }, { limit: 500, labelSelector }))
        items.push(...page.items);
      return items;
    },
    serves: async (apiVersion) => (await kindsOf(apiVersion)) !== undefined,
    forgetKinds: () => known.clear(),
  };
  return cluster;
}

async function readKinds(
  api: KubernetesApi,
  apiVersion: string,
): Promise<ReadonlyMap<string, ResourceType> | undefined> {
  const served = await api.resources(apiVersion);
  if (served === undefined) return undefined;
  const [version = '', group = ''] = apiVersion.split('/').reverse();
  return new Map(
    served.map(({ kind, plural, namespaced }) => [kind, { group, version, plural, namespaced }]),
  );
}

/** The file that `options` or the environment name, else the one in the home folder; it need not be there. Throws CliError. */
export function kubeconfigFile({ kubeconfig }: CliContext, options: ClusterOptions): string {
  if (options.kubeconfig !== undefined) return options.kubeconfig;
  const files = (kubeconfig ?? '').split(delimiter).filter((file) => file !== '');
  if (files.length > 1)
    throw new CliError({
      code: 'ERR_CLI_OPTION',
      blame: 'local',
      message: `KUBECONFIG: expected one file, got ${files.length}`,
      hint: 'name one with --kubeconfig, or write one file with: kubectl config view --flatten',
    });
  return files[0] ?? join(homedir(), '.kube', 'config');
}
