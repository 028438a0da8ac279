import { hostname } from 'node:os';
import { type Command, Option } from 'commander';
import type { Clock, Logger } from '../../base/index.ts';
import type { ClusterOptions } from '../../controller/index.ts';
import { durationMs } from '../option-values.ts';

/** Flags of a controller in, or of, a Kubernetes cluster. */
export interface ClusterFlags {
  readonly kubernetes?: boolean;
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly caMount?: string;
  readonly rootOverlap: number;
  readonly namespace?: string;
  readonly instance?: string;
  readonly shutdownDelay: number;
}

/** Adds them to `nodemesh controller`. */
export function addClusterOptions(command: Command): void {
  command
    .option('--kubernetes', 'objects, tokens and authority are those of the Kubernetes cluster it runs in')
    .option('--kubeconfig <file>', 'with --kubernetes: the cluster of this kubeconfig instead')
    .option('--context <name>', 'context of the kubeconfig (default: its current one)')
    .option(
      '--ca-mount <directory>',
      'with --kubernetes: mounted authority, as cacerts or cert-manager lay it out (default: the Secret nodemesh-ca)',
    )
    .addOption(
      new Option('--root-overlap <duration>', 'how long a new root is trusted before it signs')
        .argParser(durationMs)
        .default(durationMs('2m'), '2m'),
    )
    .option('--namespace <name>', "of the mesh's own objects (default: $POD_NAMESPACE, else nodemesh-system)")
    .option('--instance <name>', 'name of this replica (default: $POD_NAME, else the host name)')
    .addOption(
      new Option(
        '--shutdown-delay <duration>',
        'how long it serves on after SIGTERM, not ready and leading no more, before it ends its streams',
      )
        .argParser(durationMs)
        .default(durationMs('0s'), '0s'),
    );
}

/** Undefined without --kubernetes. */
export function clusterOf(
  flags: ClusterFlags & { readonly trustDomain: string },
  environment: Readonly<Record<string, string | undefined>>,
  parts: { readonly clock: Clock; readonly log: Logger },
): ClusterOptions | undefined {
  const { kubernetes, kubeconfig, context } = flags;
  if (kubernetes !== true) return undefined;
  return {
    ...parts,
    access:
      kubeconfig === undefined ? { kind: 'in-cluster' } : { kind: 'kubeconfig', file: kubeconfig, context },
    namespace: flags.namespace ?? environment.POD_NAMESPACE ?? 'nodemesh-system',
    instance: flags.instance ?? environment.POD_NAME ?? hostname(),
    trustDomain: flags.trustDomain,
    authorityFolder: flags.caMount,
    rootOverlapMs: flags.rootOverlap,
  };
}
