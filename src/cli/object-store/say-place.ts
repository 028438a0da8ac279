import { existsSync } from 'node:fs';
import { runningLabs } from '../../lab/client/index.ts';
import type { CliContext } from '../context.ts';
import { type ClusterOptions, kubeconfigFile } from '../install/cluster/cluster.ts';
import { describeCluster } from '../install/cluster/describe-cluster.ts';
import { labsDirectory } from '../lab/lab-access.ts';

/** What was chosen, and by whom. */
export interface Place extends ClusterOptions {
  readonly kind: 'lab' | 'cluster';
  readonly lab?: string;
  /** By an option: then nothing else can have been meant. */
  readonly isNamed: boolean;
}

/**
 * Says on stderr which lab or cluster a command is about: always when it `changes` something, else where a person might have meant
 * the other one. Once for each command.
 */
export function sayPlace(context: CliContext, place: Place, changes: boolean): void {
  const other = place.isNamed ? undefined : otherPlace(context, place);
  if ((!changes && other === undefined) || said.has(context)) return;
  said.add(context);
  const what = place.kind === 'lab' ? labName(context, place) : describeCluster(context, place);
  context.terminal.stderr.write(`on ${what}${other === undefined ? '' : `; ${other}`}\n`);
}

/** What was passed over, and how it is meant. */
function otherPlace(context: CliContext, { kind }: Place): string | undefined {
  if (kind === 'lab') {
    const file = kubeconfigFile(context, {});
    return existsSync(file) ? `not on the cluster of ${file} (--kubeconfig or --context)` : undefined;
  }
  const labs = runningLabs(labsDirectory(context));
  if (labs.length === 0) return undefined;
  return labs.length === 1
    ? `not on the lab ${labs.join()}, which runs too (--lab ${labs.join()})`
    : `not on one of the labs ${labs.join(', ')} (--lab NAME)`;
}

/** Where several run, and none was named, opening one says so. */
function labName(context: CliContext, { lab }: Place): string {
  return `lab ${lab ?? runningLabs(labsDirectory(context)).join(', ')}`;
}

const said = new WeakSet<CliContext>();
