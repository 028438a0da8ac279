import type { Command } from 'commander';
import type { LabClient, ObjectName } from '../../../lab/client/index.ts';
import { LAB_KIND, namespaceOf } from '../../../lab/cluster/index.ts';
import { isNamespaced } from '../../../lab/cluster/objects/index.ts';
import { LabError } from '../../../lab/index.ts';
import type { CliContext } from '../../context.ts';
import { readManifestFiles } from '../../manifest-files.ts';
import type { Terminal } from '../../terminal/index.ts';
import { type LabOption, openLab, resolveKind, withLabOption } from '../lab-access.ts';
import { collect, wholeNumber } from '../../option-values.ts';
import { warnOfLabelValues } from './label-values.ts';

interface NamespaceOption extends LabOption {
  readonly namespace: string;
}

const GONE_WITHIN_MS = 60_000;

/** `nodemesh lab delete`. */
export function addDeleteCommand(lab: Command, context: CliContext): void {
  withNamespace(
    lab
      .command('delete')
      .description('delete objects; waits until pods are gone')
      .argument('[kind]')
      .argument('[names...]')
      .option('-f, --file <path>', 'the objects of this file or directory; repeatable', collect, [])
      .option('--grace-period <seconds>', "instead of the pod's own", wholeNumber)
      .option('--no-wait', 'return at once'),
  ).action(
    async (
      kindName: string | undefined,
      names: readonly string[],
      options: NamespaceOption & {
        readonly file: readonly string[];
        readonly gracePeriod?: number;
        readonly wait: boolean;
      },
    ) => {
      const client = openLab(context, options.name);
      const objects = await namedObjects({ client, terminal: context.terminal }, kindName, names, options);
      for (const object of objects) {
        await client.delete(object, options.gracePeriod);
        context.terminal.stdout.write(`${object.kind.toLowerCase()}/${object.name} deleted\n`);
      }
      if (options.wait) for (const object of objects) await waitUntilGone(client, object);
    },
  );
}

/** `nodemesh lab label` or `nodemesh lab annotate`. */
export function addMetadataCommand(lab: Command, context: CliContext, field: 'label' | 'annotate'): void {
  const what = field === 'label' ? 'labels' : 'annotations';
  withNamespace(
    lab
      .command(field)
      .description(`set ${what} (KEY=VALUE), or take them away (KEY-)`)
      .argument('<kind>')
      .argument('<name>')
      .argument('<changes...>', 'such as istio.io/dataplane-mode=ambient, or istio.io/dataplane-mode-')
      .option('--overwrite', "accepted for kubectl's sake; changes always overwrite"),
  ).action(async (kindName: string, name: string, changes: readonly string[], options: NamespaceOption) => {
    const client = openLab(context, options.name);
    const kind = await resolveKind(client, kindName);
    const patch = Object.fromEntries(changes.map(parseChange));
    await client.patchMetadata({ kind, namespace: options.namespace, name }, { [what]: patch });
    context.terminal.stdout.write(
      `${kind.toLowerCase()}/${name} ${field === 'label' ? 'labeled' : 'annotated'}\n`,
    );
    if (field === 'label') warnOfLabelValues(context.terminal, patch);
  });
}

/** `nodemesh lab scale`. */
export function addScaleCommand(lab: Command, context: CliContext): void {
  withNamespace(
    lab
      .command('scale')
      .description('set the number of replicas')
      .argument('<kind>', 'as deploy, or deploy/NAME')
      .argument('[name]')
      .requiredOption('--replicas <n>', 'how many', wholeNumber),
  ).action(
    async (
      what: string,
      given: string | undefined,
      options: NamespaceOption & { readonly replicas: number },
    ) => {
      const [kindName = '', name = given] = what.split('/', 2);
      if (name === undefined || name === '') throw nothingNamed(what);
      const client = openLab(context, options.name);
      const kind = await resolveKind(client, kindName);
      await client.scale({ kind, namespace: options.namespace, name }, options.replicas);
      context.terminal.stdout.write(`${kind.toLowerCase()}/${name} scaled\n`);
    },
  );
}

function withNamespace(command: Command): Command {
  return withLabOption(command.option('-n, --namespace <namespace>', 'where the object is', 'default'));
}

async function namedObjects(
  { client, terminal }: { readonly client: LabClient; readonly terminal: Terminal },
  kindName: string | undefined,
  names: readonly string[],
  options: NamespaceOption & { readonly file: readonly string[] },
): Promise<readonly ObjectName[]> {
  const fromFiles = (await readManifestFiles(options.file, terminal))
    .filter(({ kind }) => kind !== LAB_KIND)
    .map((object) => ({ kind: object.kind, namespace: namespaceOf(object), name: object.metadata.name }));
  if (kindName === undefined && fromFiles.length > 0) return fromFiles.reverse();
  if (kindName === undefined || names.length === 0) {
    throw new LabError({
      code: 'ERR_LAB_REQUEST',
      blame: 'downstream',
      message: 'say what to delete: KIND NAME…, or -f FILE',
    });
  }
  const kind = await resolveKind(client, kindName);
  const namespace = isNamespaced(kind) ? options.namespace : '';
  return [...names.map((name) => ({ kind, namespace, name })), ...fromFiles];
}

async function waitUntilGone(client: LabClient, { kind, namespace, name }: ObjectName): Promise<void> {
  const deadline = Date.now() + GONE_WITHIN_MS;
  while ((await client.objects(kind, namespace === '' ? undefined : namespace, name)).length > 0) {
    if (Date.now() > deadline) {
      throw new LabError({
        code: 'ERR_LAB_TIMEOUT',
        blame: 'local',
        message: `${kind} ${name} was still there after ${GONE_WITHIN_MS / 1_000} s`,
        hint: '--grace-period 0 ends its processes at once',
      });
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function nothingNamed(what: string): LabError {
  return new LabError({
    code: 'ERR_LAB_REQUEST',
    blame: 'downstream',
    message: `expected a kind and a name, as deploy/cart, got ${JSON.stringify(what)}`,
  });
}

function parseChange(text: string): readonly [string, string | null] {
  const equals = text.indexOf('=');
  if (equals > 0) return [text.slice(0, equals), text.slice(equals + 1)];
  if (equals === -1 && text.length > 1 && text.endsWith('-')) return [text.slice(0, -1), null];
  throw new LabError({
    code: 'ERR_LAB_REQUEST',
    blame: 'downstream',
    message: `expected KEY=VALUE, or KEY- to take it away, got ${JSON.stringify(text)}`,
  });
}
