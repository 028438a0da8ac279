import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import type { CliContext } from '../../context.ts';
import { type ClusterOptions, kubeconfigFile } from './cluster.ts';

/**
 * Which cluster that is, for people: `cluster https://10.0.0.1:6443 (context prod of /home/me/.kube/config)`. Of a file that cannot be
 * read it is only the file: whoever asks the cluster is told why. Throws CliError where no file is named clearly.
 */
export function describeCluster(context: CliContext, options: ClusterOptions): string {
  const file = kubeconfigFile(context, options);
  const config = read(file);
  const name = options.context ?? config?.['current-context'];
  const chosen = config?.contexts?.find((one) => one.name === name)?.context;
  const server = config?.clusters?.find((one) => one.name === chosen?.cluster)?.cluster?.server;
  if (name === undefined || server === undefined) return `cluster of ${file}`;
  return `cluster ${server} (context ${name} of ${file})`;
}

/** Whatever somebody has written there, each field may be missing. */
interface Kubeconfig {
  readonly 'current-context'?: string;
  readonly contexts?: readonly { readonly name?: string; readonly context?: { readonly cluster?: string } }[];
  readonly clusters?: readonly { readonly name?: string; readonly cluster?: { readonly server?: string } }[];
}

function read(file: string): Kubeconfig | undefined {
  try {
    return parse(readFileSync(file, 'utf8')) as Kubeconfig;
  } catch {
    // Whoever opens the cluster says what is wrong with the file.
    return undefined;
  }
}

/** Before the first change: whoever has several clusters sees which one is meant while there is time to stop it. Throws CliError. */
export function announceCluster(context: CliContext, options: ClusterOptions): void {
  context.terminal.stderr.write(`on ${describeCluster(context, options)}\n`);
}
