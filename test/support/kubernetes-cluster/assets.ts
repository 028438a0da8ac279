import { accessSync, constants } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Of the project. */
export const root = dirname(dirname(dirname(dirname(fileURLToPath(import.meta.url)))));

/** The Go module that pins a kube-apiserver. */
export const moduleFolder = join(root, 'test', 'kubernetes', 'apiserver');
/** Where `npm run build:apiserver` puts it. */
export const BUILT_ASSETS = join(root, 'node_modules', '.cache', 'nodemesh', 'apiserver');

/** Where `npm run build:cluster` puts the programs of nodes and what rules them. */
export const CLUSTER_PROGRAMS = join(root, 'node_modules', '.cache', 'nodemesh', 'cluster');

/** The programs of a control plane without nodes. */
export interface ClusterPrograms {
  readonly apiServer: string;
  readonly etcd: string;
}

/** KUBEBUILDER_ASSETS, else what was built here with etcd of the PATH; else the reason why there is none. */
export function findClusterPrograms(environment: NodeJS.ProcessEnv): ClusterPrograms | string {
  const named = environment.KUBEBUILDER_ASSETS ?? '';
  const folders = named === '' ? [BUILT_ASSETS] : [named];
  const path = (environment.PATH ?? '').split(delimiter);
  const apiServer = findProgram('kube-apiserver', folders);
  if (apiServer === undefined) {
    return `no kube-apiserver in ${folders.join(', ')}: set KUBECONFIG, or KUBEBUILDER_ASSETS to a folder with kube-apiserver and etcd, or run \`npm run build:apiserver\``;
  }
  const etcd = findProgram('etcd', [...folders, ...path]);
  if (etcd === undefined) return 'no etcd: Debian calls the package etcd-server';
  return { apiServer, etcd };
}

function findProgram(name: string, folders: readonly string[]): string | undefined {
  return folders
    .map((folder) => join(folder, name))
    .find((file) => {
      try {
        accessSync(file, constants.X_OK);
        return true;
      } catch {
        return false; // not in this folder: the next may have it
      }
    });
}
