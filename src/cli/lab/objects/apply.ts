import type { Command } from 'commander';
import { LAB_KIND, type ManifestObject, namespaceOf } from '../../../lab/cluster/index.ts';
import { kindFromName } from '../../../lab/cluster/objects/index.ts';
import { LabError } from '../../../lab/index.ts';
import type { ApplyResult } from '../../../lab/supervisor/index.ts';
import type { CliContext } from '../../context.ts';
import { readManifestFiles } from '../../manifest-files.ts';
import type { Terminal } from '../../terminal/index.ts';
import { type LabOption, openLab, withLabOption } from '../lab-access.ts';
import { warnOfLabelValues } from './label-values.ts';
import { objectNotes } from './object-notes.ts';
import { type Inspection, inspectAll } from './validate.ts';
import { collect } from '../../option-values.ts';

/** `nodemesh lab apply`. */
export function addApplyCommand(lab: Command, context: CliContext): void {
  withLabOption(
    lab
      .command('apply')
      .description('create or change objects')
      .option('-f, --file <path>', 'a file, a directory, or - for standard input; repeatable', collect, []),
  )
    .option(
      '--no-validate',
      'also objects that do not fit their schema (a policy then denies what it selects)',
    )
    .action(async (options: LabOption & { readonly file: readonly string[]; readonly validate: boolean }) => {
      requireFiles(options.file);
      const manifests = await readManifestFiles(options.file, context.terminal);
      const objects = manifests.filter(({ kind }) => kind !== LAB_KIND);
      if (objects.length === 0) throw badRequest(`no object in ${options.file.join(', ')}`);
      const { problems } = options.validate ? await inspectAll(objects) : UNINSPECTED;
      const good = objects.filter((object) => !problems.has(object));
      const client = openLab(context, options.name);
      const accepted = await client.apply(good);
      const results = [...accepted, ...[...problems].map(([object, error]) => refused(object, error))];
      printApplied(context.terminal, results);
      warnOfLittle(context.terminal, good);
      printNotes(context.terminal, await objectNotes(client, good));
      if (results.some(({ outcome }) => outcome === 'failed')) context.setExitCode(1);
    });
}

function requireFiles(files: readonly string[]): void {
  if (files.length === 0)
    throw badRequest('say what to apply: -f FILE, -f DIRECTORY, or -f - for standard input');
}

function badRequest(message: string): LabError {
  return new LabError({ code: 'ERR_LAB_REQUEST', blame: 'downstream', message });
}

function printNotes({ stderr }: Terminal, notes: ReadonlyMap<ManifestObject, readonly string[]>): void {
  for (const [{ kind, metadata }, texts] of notes)
    for (const text of texts) stderr.write(`note: ${kind.toLowerCase()}/${metadata.name}: ${text}\n`);
}

/** Tells what is taken without an effect: kinds that nothing reads, and labels with a misspelt mode. */
export function warnOfLittle(terminal: Terminal, objects: readonly ManifestObject[]): void {
  const unread = new Set(objects.map(({ kind }) => kind).filter((kind) => kindFromName(kind) === undefined));
  for (const kind of unread)
    terminal.stderr.write(
      `note: objects of the kind ${kind} are only kept: nothing in this lab acts on them\n`,
    );
  for (const { metadata, spec } of objects) {
    for (const labels of [metadata.labels, templateLabels(spec)])
      if (isRecord(labels)) warnOfLabelValues(terminal, labels);
  }
}

function templateLabels(spec: unknown): unknown {
  const template = isRecord(spec) ? spec.template : undefined;
  const metadata = isRecord(template) ? template.metadata : undefined;
  return isRecord(metadata) ? metadata.labels : undefined;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
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

const UNINSPECTED: Pick<Inspection<ManifestObject>, 'problems'> = { problems: new Map() };
