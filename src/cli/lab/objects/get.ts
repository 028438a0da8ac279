import { type Command, Option } from 'commander';
import type { LabClient } from '../../../lab/client/index.ts';
import { isKind, isNamespaced, type KubeObject } from '../../../lab/cluster/objects/index.ts';
import { LabError } from '../../../lab/index.ts';
import type { CliContext } from '../../context.ts';
import { sideBySideOf } from '../../install/side-by-side.ts';
import { formatTable, type OutputFormat, type Terminal } from '../../terminal/index.ts';
import { printData } from '../../terminal/print-data.ts';
import { type LabOption, openLab, resolveKind, withLabOption } from '../lab-access.ts';
import { columnsOf } from './object-columns.ts';
import type { Beside } from './columns.ts';
import { labelsByName, objectNotes, ROUTE_KINDS } from './object-notes.ts';
import { wantedWaypoint } from './wanted-waypoint.ts';
import { outputOption } from '../output-option.ts';

interface GetOptions extends LabOption {
  readonly namespace: string;
  readonly allNamespaces?: boolean;
  readonly output: OutputFormat;
  readonly selector?: string;
}

/** `nodemesh lab get`. */
export function addGetCommand(lab: Command, context: CliContext): void {
  withLabOption(
    lab
      .command('get')
      .description('list objects, or show one')
      .argument('<kind>', 'as for kubectl: pods, po, svc, deploy …; several as in deploy,pods')
      .argument('[name]')
      .option('-n, --namespace <namespace>', 'where to look', 'default')
      .option('-A, --all-namespaces', 'look everywhere')
      .addOption(
        new Option('-l, --selector <labels>', 'only objects with these labels, such as app=cart,version=v1'),
      )
      .addOption(outputOption()),
  ).action(async (kindName: string, name: string | undefined, options: GetOptions) => {
    const client = openLab(context, options.name);
    const lists: KindList[] = [];
    for (const part of kindName.split(',')) {
      const kind = await resolveKind(client, part);
      const everywhere = options.allNamespaces === true || !isNamespaced(kind);
      const items = await find(client, kind, name, options, everywhere);
      const beside = options.output === 'table' ? await besideOf(client, kind, items) : NOTHING_BESIDE;
      lists.push({ kind, everywhere, items, beside });
    }
    const { terminal } = context;
    if (options.output === 'table') {
      for (const [index, list] of lists.entries()) {
        if (index > 0) terminal.stdout.write('\n');
        printList(terminal, list, options);
      }
      return;
    }
    const items = lists.flatMap((list) => list.items);
    const single = name !== undefined && lists.length === 1;
    printData(terminal, options.output, single ? items[0] : { apiVersion: 'v1', kind: 'List', items });
  });
}

interface KindList {
  readonly kind: string;
  readonly everywhere: boolean;
  readonly items: readonly KubeObject[];
  readonly beside: ReadonlyMap<KubeObject, Beside>;
}

const NOTHING_BESIDE: KindList['beside'] = new Map();

/** What the columns of a kind need from elsewhere. */
async function besideOf(
  client: LabClient,
  kind: string,
  items: readonly KubeObject[],
): Promise<KindList['beside']> {
  if (kind === 'Pod' || kind === 'Namespace') {
    const sideBySide = (await sideBySideOf(client)) === true;
    return new Map(items.map((item) => [item, { sideBySide }]));
  }
  if (kind === 'Service') {
    const namespaces = labelsByName(await client.objects('Namespace'));
    const claims = { sideBySide: await sideBySideOf(client) };
    return new Map(
      items.map((item) => {
        const { metadata } = item;
        return [item, { waypoint: wantedWaypoint(metadata, namespaces.get(metadata.namespace), claims) }];
      }),
    );
  }
  if (!ROUTE_KINDS.includes(kind)) return NOTHING_BESIDE;
  return new Map([...(await objectNotes(client, items))].map(([item, notes]) => [item, { notes }]));
}

function printList(
  { stdout, stderr }: Terminal,
  { kind, everywhere, items, beside }: KindList,
  options: GetOptions,
): void {
  if (items.length === 0) {
    stderr.write(
      `no ${kind} ${everywhere ? 'anywhere' : `in namespace ${options.namespace} (-A looks everywhere)`}\n`,
    );
    return;
  }
  const { header, row } = columnsOf(kind);
  const withNamespace = options.allNamespaces === true && isNamespaced(kind);
  stdout.write(
    formatTable(
      withNamespace ? ['NAMESPACE', ...header] : header,
      inOrder(items).map((object) => {
        const cells = row(object, beside.get(object));
        return withNamespace ? [object.metadata.namespace, ...cells] : cells;
      }),
      3,
    ),
  );
}

/** What happened last is read last; all else stays as it is. */
function inOrder(items: readonly KubeObject[]): readonly KubeObject[] {
  const lastSeen = (object: KubeObject): string => (isKind(object, 'Event') ? object.lastTimestamp : '');
  return [...items].sort((a, b) => lastSeen(a).localeCompare(lastSeen(b)));
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
