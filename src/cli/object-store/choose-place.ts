import { existsSync } from 'node:fs';
import { type Command, Option } from 'commander';
import { runningLabs } from '../../lab/client/index.ts';
import { LabError } from '../../lab/index.ts';
import type { CliContext } from '../context.ts';
import { CliError } from '../errors.ts';
import { type ClusterOptions, kubeconfigFile, withCluster } from '../install/cluster/cluster.ts';
import { baseOf, openLab } from '../lab/lab-access.ts';
import { clusterObjects, type ObjectReader } from './cluster-objects.ts';
import { createClusterStore } from './cluster-store.ts';
import { createLabStore, type ObjectStore } from './object-store.ts';

/** Whose objects are meant. */
export interface ObjectPlaceOptions extends ClusterOptions {
  readonly lab?: string;
}

/** What every command takes that works on a lab or a cluster. */
export function withObjectPlaceOptions(command: Command): Command {
  return command
    .option('--lab <name>', 'which lab, when several are running')
    .addOption(
      new Option(
        '--kubeconfig <file>',
        'a cluster instead of a lab (default without a lab: KUBECONFIG, else ~/.kube/config)',
      ),
    )
    .option('--context <name>', 'a cluster instead of a lab: this context of the kubeconfig');
}

/** Works on the lab that runs, else on the cluster of the kubeconfig, else rejects saying how to get either. */
export async function withObjects<T>(
  context: CliContext,
  options: ObjectPlaceOptions,
  work: (store: ObjectStore) => Promise<T>,
): Promise<T> {
  if (meansLab(context, options)) return await work(createLabStore(openLab(context, options.lab)));
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

/** True: a lab; false: a cluster. Throws where neither is there, or both are named. */
export function meansLab(context: CliContext, options: ObjectPlaceOptions): boolean {
  const { lab, kubeconfig, context: name } = options;
  const named = kubeconfig !== undefined || name !== undefined;
  if (lab !== undefined && named)
    throw new CliError({
      code: 'ERR_CLI_OPTION',
      blame: 'downstream',
      message: `--lab: expected to be alone, got ${kubeconfig === undefined ? '--context' : '--kubeconfig'} beside it`,
      hint: '--lab means a mesh on this machine, the other a cluster',
    });
  if (named) return false;
  if (lab !== undefined || runningLabs(baseOf(context)).length > 0) return true;
  if (context.kubeconfig !== undefined || existsSync(kubeconfigFile(context, {}))) return false;
  throw new LabError({
    code: 'ERR_LAB_NOT_RUNNING',
    blame: 'downstream',
    message: 'no lab is running, and no kubeconfig names a cluster',
    hint: 'nodemesh lab up starts a lab; KUBECONFIG or --kubeconfig FILE names a cluster',
  });
}
