import { existsSync } from 'node:fs';
import { type Command, Option } from 'commander';
import { runningLabs } from '../../lab/client/index.ts';
import { LabError } from '../../lab/index.ts';
import type { CliContext } from '../context.ts';
import { CliError } from '../errors.ts';
import { type ClusterOptions, kubeconfigFile, withCluster } from '../install/cluster/cluster.ts';
import { labsDirectory, openLab } from '../lab/lab-access.ts';
import { clusterObjects, type ObjectReader } from './cluster-objects.ts';
import { createClusterStore } from './cluster-store.ts';
import { type Place, sayPlace } from './say-place.ts';
import { createLabStore, type ObjectStore } from './object-store.ts';

/** Whose objects are meant. */
export interface ObjectPlaceOptions extends ClusterOptions {
  readonly lab?: string;
}

/** What every command takes that works on a lab or a cluster. */
export function withObjectPlaceOptions(command: Command): Command {
  return command
    .option('--lab <name>', 'a lab of this machine (default: the one that runs, unless KUBECONFIG is set)')
    .addOption(
      new Option(
        '--kubeconfig <file>',
        'a cluster instead of a lab (default: KUBECONFIG, also beside a lab; without a lab ~/.kube/config)',
      ),
    )
    .option('--context <name>', 'a cluster instead of a lab: this context of the kubeconfig');
}

/**
 * Works on what `options` name, else on the cluster of KUBECONFIG, the lab that runs or the cluster of ~/.kube/config. Rejects with
 * MeshError, saying how to get one.
 */
export async function withObjects<T>(
  context: CliContext,
  options: ObjectPlaceOptions,
  work: (store: ObjectStore) => Promise<T>,
): Promise<T> {
  return await withStore(context, options, { work, changes: false });
}

/** The same for what changes something: the first line on stderr says where. */
export async function withObjectsToChange<T>(
  context: CliContext,
  options: ObjectPlaceOptions,
  work: (store: ObjectStore) => Promise<T>,
): Promise<T> {
  return await withStore(context, options, { work, changes: true });
}

async function withStore<T>(
  context: CliContext,
  options: ObjectPlaceOptions,
  { work, changes }: { readonly work: (store: ObjectStore) => Promise<T>; readonly changes: boolean },
): Promise<T> {
  if (meansLab(context, options, { changes }))
    return await work(createLabStore(openLab(context, options.lab)));
  return await withCluster(context, options, (cluster) => work(createClusterStore(cluster)));
}

/** The same for what only reads, and whatever kinds there are. */
export async function withObjectReader<T>(
  context: CliContext,
  options: ObjectPlaceOptions,
  work: (reader: Pick<ObjectReader, 'kinds' | 'objects'>) => Promise<T>,
): Promise<T> {
  if (meansLab(context, options)) return await work(openLab(context, options.lab));
  return await withCluster(context, options, (cluster) => work(clusterObjects(cluster)));
}

/**
 * True: a lab; false: a cluster. Who has set KUBECONFIG has named a cluster, also beside a lab; the file in the home folder is there
 * for years, and a lab was started today. Says which one it is, as `sayPlace` does. Throws where neither is there, or both are named.
 */
export function meansLab(
  context: CliContext,
  options: ObjectPlaceOptions,
  { changes = false }: { readonly changes?: boolean } = {},
): boolean {
  const place = choosePlace(context, options);
  sayPlace(context, place, changes);
  return place.kind === 'lab';
}

function choosePlace(context: CliContext, options: ObjectPlaceOptions): Place {
  const { lab, kubeconfig, context: name } = options;
  const named = kubeconfig !== undefined || name !== undefined;
  if (lab !== undefined && named)
    throw new CliError({
      code: 'ERR_CLI_OPTION',
      blame: 'downstream',
      message: `--lab: expected to be alone, got ${kubeconfig === undefined ? '--context' : '--kubeconfig'} beside it`,
      hint: '--lab means a mesh on this machine, the other a cluster',
    });
  if (named) return { ...options, kind: 'cluster', isNamed: true };
  if (lab !== undefined) return { kind: 'lab', lab, isNamed: true };
  if (context.kubeconfig !== undefined) return { kind: 'cluster', isNamed: false };
  if (runningLabs(labsDirectory(context)).length > 0) return { kind: 'lab', isNamed: false };
  if (existsSync(kubeconfigFile(context, {}))) return { kind: 'cluster', isNamed: false };
  throw new LabError({
    code: 'ERR_LAB_NOT_RUNNING',
    blame: 'downstream',
    message: 'no lab is running, and no kubeconfig names a cluster',
    hint: 'nodemesh lab up starts a lab; KUBECONFIG or --kubeconfig FILE names a cluster',
  });
}
