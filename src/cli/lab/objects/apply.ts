import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { LAB_KIND, type ManifestObject, namespaceOf, readManifests } from '../../../lab/cluster/index.ts';
import type { ApplyResult } from '../../../lab/supervisor/index.ts';
import type { CliContext } from '../../context.ts';
import type { Terminal } from '../../terminal/index.ts';
import { type LabOption, openLab, withLabOption } from '../lab-access.ts';
import { problemsOf } from './validate.ts';
import { collect } from '../../option-values.ts';

export function addApplyCommand(lab: Command, context: CliContext): void {
  withLabOption(
    lab
      .command('apply')
      .description('create or change objects')
      .requiredOption(
        '-f, --file <path>',
        'a file, a directory, or - for standard input; repeatable',
        collect,
        [],
      ),
  )
    .option('--no-validate', 'also policies that do not fit their schema (they then deny what they select)')
    .action(async (options: LabOption & { readonly file: readonly string[]; readonly validate: boolean }) => {
      const objects = options.file
        .flatMap((path) => readManifests(path, () => readFileSync(0, 'utf8')))
        .filter(({ kind }) => kind !== LAB_KIND);
      const problems = options.validate ? await problemsOf(objects) : new Map<ManifestObject, string>();
      const good = objects.filter((object) => !problems.has(object));
      const results = [
        ...(await openLab(context, options.name).apply(good)),
        ...[...problems].map(([object, error]) => refused(object, error)),
      ];
      printApplied(context.terminal, results);
      if (results.some(({ outcome }) => outcome === 'failed')) context.setExitCode(1);
    });
}

function refused(object: ManifestObject, error: string): ApplyResult {
  const { kind, metadata } = object;
  return { kind, namespace: namespaceOf(object), name: metadata.name, outcome: 'failed', error };
}

/** One line for each object, as kubectl prints them; refusals go to standard error. */
export function printApplied({ stdout, stderr, colours }: Terminal, results: readonly ApplyResult[]): void {
  for (const { kind, namespace, name, outcome, error } of results) {
    const what = `${kind.toLowerCase()}/${name}${namespace === '' || namespace === 'default' ? '' : ` (${namespace})`}`;
    if (outcome === 'failed') stderr.write(`${colours.red('refused')} ${what}: ${error ?? ''}\n`);
    else stdout.write(`${what} ${outcome === 'unchanged' ? colours.dim(outcome) : outcome}\n`);
  }
}
