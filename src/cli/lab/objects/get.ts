import { type Command, Option } from 'commander';
import type { LabClient } from '../../../lab/client/index.ts';
import { isNamespaced, type KubeObject } from '../../../lab/cluster/objects/index.ts';
import { LabError } from '../../../lab/index.ts';
import type { CliContext } from '../../context.ts';
import { formatTable, type OutputFormat, printData } from '../../terminal/index.ts';
import { type LabOption, openLab, resolveKind, withLabOption } from '../lab-access.ts';
import { columnsOf } from './object-columns.ts';
import { outputOption } from '../output-option.ts';

interface GetOptions extends LabOption {
  readonly namespace: string;
  readonly allNamespaces?: boolean;
  readonly output: OutputFormat;
  readonly selector?: string;
}

export function addGetCommand(lab: Command, context: CliContext): void {
  withLabOption(
    lab
      .command('get')
      .description('list objects, or show one')
      .argument('<kind>', 'as for kubectl: pods, po, svc, deploy …')
      .argument('[name]')
      .option('-n, --namespace <namespace>', 'where to look', 'default')
      .option('-A, --all-namespaces', 'look everywhere')
      .addOption(
        new Option('-l, --selector <labels>', 'only objects with these labels, such as app=cart,version=v1'),
      )
      .addOption(outputOption()),
  ).action(async (kindName: string, name: string | undefined, options: GetOptions) => {
    const client = openLab(context, options.name);
    const kind = await resolveKind(client, kindName);
    const everywhere = options.allNamespaces === true || !isNamespaced(kind);
    const found = await find(client, kind, name, options, everywhere);
    const { terminal } = context;
    if (options.output !== 'table') {
      const data = name === undefined ? { apiVersion: 'v1', kind: 'List', items: found } : found[0];
      printData(terminal, options.output, data);
      return;
    }
    if (found.length === 0) {
      terminal.stderr.write(
        `no ${kind} ${everywhere ? 'anywhere' : `in namespace ${options.namespace} (-A looks everywhere)`}\n`,
      );
      return;
    }
    const { header, row } = columnsOf(kind);
    const withNamespace = options.allNamespaces === true && isNamespaced(kind);
    terminal.stdout.write(
      formatTable(
        withNamespace ? ['NAMESPACE', ...header] : header,
        found.map((object) => (withNamespace ? [object.metadata.namespace, ...row(object)] : row(object))),
        3,
      ),
    );
  });
}

async function find(
  client: LabClient,
  kind: string,
  name: string | undefined,
  options: GetOptions,
  everywhere: boolean,
): Promise<readonly KubeObject[]> {
  const found = await client.objects(kind, everywhere ? undefined : options.namespace, name);
  if (name !== undefined && found.length === 0) {
    throw new LabError({
      code: 'ERR_LAB_NOT_FOUND',
      blame: 'downstream',
      message: `no ${kind} ${name}${everywhere ? '' : ` in namespace ${options.namespace}`}`,
      hint: `nodemesh lab get ${kind.toLowerCase()} -A lists all`,
    });
  }
  const wanted = parseSelector(options.selector ?? '');
  return found.filter(({ metadata }) => wanted.every(([key, value]) => metadata.labels[key] === value));
}

function parseSelector(text: string): readonly (readonly [string, string])[] {
  return text
    .split(',')
    .filter((part) => part !== '')
    .map((part) => {
      const [key = '', value = ''] = part.split(/==?/);
      return [key, value] as const;
    });
}
