import type { Command } from 'commander';
import { createLabClient, findLab, type LabClient, runningLabs } from '../../lab/client/index.ts';
import { kindFromName, kindNames } from '../../lab/cluster/objects/index.ts';
import { LabError } from '../../lab/index.ts';
import { stateBase } from '../../lab/state/index.ts';
import type { CliContext } from '../context.ts';

/** What `withLabOption` adds. */
export interface LabOption {
  /** Which lab; undefined: the only one that runs. */
  readonly name?: string;
}

/** Adds `--name`, which every command about a lab takes. */
export function withLabOption(command: Command): Command {
  return command.option('--name <lab>', 'which lab, when several are running');
}

/** The named lab, or the only one that runs. Throws LabError, which says what there is for a cluster where one is at hand. */
export function openLab(context: CliContext, name: string | undefined): LabClient {
  const base = labsDirectory(context);
  if (name === undefined && context.kubeconfig !== undefined && runningLabs(base).length === 0)
    throw new LabError({
      code: 'ERR_LAB_NOT_RUNNING',
      blame: 'downstream',
      message: 'no lab is running, and this command is of labs alone',
      hint: 'nodemesh lab up starts a lab; for a cluster there are kubectl and the commands without lab before them (docs/commands.md)',
    });
  return createLabClient(findLab(base, name));
}

/** Where the labs of this user have their state, a folder each. */
export function labsDirectory({ runtimeDirectory, userId }: CliContext): string {
  return stateBase({ runtimeDirectory, userId });
}

/** `po`, `pods`, `Pod` → `Pod`, also for kinds that only this lab has; throws with the nearest known name. */
export async function resolveKind(lab: LabClient, name: string): Promise<string> {
  const kind = kindFromName(name) ?? kindFromName(name, await lab.kinds());
  if (kind !== undefined) return kind;
  const near = nearestWord(name.toLowerCase(), kindNames());
  throw new LabError({
    code: 'ERR_LAB_NOT_FOUND',
    blame: 'downstream',
    message: `no kind ${name} is known here`,
    hint:
      near === undefined
        ? 'kinds are written as for kubectl: pods, svc, deploy, ns …'
        : `did you mean ${near}?`,
  });
}

/** The candidate that a misspelt word may stand for. */
export function nearestWord(word: string, candidates: readonly string[]): string | undefined {
  const [best] = candidates
    .map((candidate) => ({ candidate, distance: editDistance(word, candidate) }))
    .sort((a, b) => a.distance - b.distance);
  return best !== undefined && best.distance <= Math.max(1, word.length / 3) ? best.candidate : undefined;
}

/** Levenshtein's, one row at a time. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(substitution, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
