import type { Command } from 'commander';
import type { CliContext } from '../context.ts';
import { accessOf, type ClusterOptions, openCluster } from '../install/cluster/cluster.ts';
import { openLab } from '../lab/lab-access.ts';
import { meansLab, type ObjectPlaceOptions, withObjectPlaceOptions } from '../object-store/index.ts';
import { createLabMesh } from './lab-mesh.ts';
import type { RunningMesh } from './running-mesh.ts';

/** Which mesh is meant. Without any of them: that of the cluster of KUBECONFIG, else of the lab that runs, else of ~/.kube/config. */
export type MeshPlaceOptions = ObjectPlaceOptions;

/** What every command takes that asks a mesh that runs. */
export function withMeshPlaceOptions(command: Command): Command {
  return withObjectPlaceOptions(command);
}

/** Its connections end with the command, which says where it is before it `changes` anything. Rejects with MeshError, saying how to get one. */
export async function openMesh(
  context: CliContext,
  options: MeshPlaceOptions,
  how: { readonly changes?: boolean } = {},
): Promise<RunningMesh> {
  if (meansLab(context, options, how)) return createLabMesh(openLab(context, options.lab));
  return await openClusterMesh(context, options);
}

/** That of the cluster, whether a lab runs or not. Nothing is asked yet. */
export async function openClusterMesh(context: CliContext, options: ClusterOptions): Promise<RunningMesh> {
  // Loaded where it is needed, as the client of the API server is.
  const [{ createPodAccess }, { createClusterMesh }] = await Promise.all([
    import('../../controller/kubernetes/index.ts'),
    import('./cluster/cluster-mesh.ts'),
  ]);
  const cluster = await openCluster(context, options);
  context.owned.own(cluster.api);
  return createClusterMesh(
    cluster,
    context.owned.own(createPodAccess({ access: accessOf(context, options) })),
  );
}
