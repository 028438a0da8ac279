import { type Command, Option } from 'commander';
import type { CliContext } from '../context.ts';
import { outputOption } from '../lab/output-option.ts';
import { CERTIFICATES_HELP, type ExpiringOptions, expiringOptions, showExpiring } from '../observe/index.ts';
import { openMesh, withMeshPlaceOptions } from '../running-mesh/index.ts';
import { cellLines, formatTable, type OutputFormat } from '../terminal/index.ts';
import { printData } from '../terminal/print-data.ts';
import { addAdminCommand } from './admin.ts';
import type { ConfigDump } from './config-dump.ts';
import { GUARD_HEADER, guardRow, guardsIn } from './guards/index.ts';
import { type Reach, readDumpFile, readDumps } from './read-dumps.ts';
import { readGuards } from './waypoint-dumps.ts';
import { addEndpointsCommand, addRoutesCommand } from './waypoint-views.ts';
import { CERTIFICATES, CONNECTIONS, type Filter, POLICIES, SERVICES, type View, WORKLOADS } from './rows.ts';

interface ViewOptions extends Filter, ExpiringOptions {
  readonly node?: string;
  readonly file?: string;
  readonly output: OutputFormat;
}

/** `nodemesh workloads`, `services`, `policies`, `certificates`, `connections`, `routes`, `endpoints`: what the proxies know. */
export function addMeshCommands(program: Command, context: CliContext): void {
  const address = new Option('--address <ip>', 'only the workload with this address');
  const direction = new Option('--direction <way>', 'only one way').choices(['inbound', 'outbound']);
  const workloadNode = new Option('--workload-node <node>', 'only those that run on this node');
  addView(program, context, {
    name: 'workloads',
    description: 'every workload the mesh knows, and how it is reached',
    view: WORKLOADS,
    reach: 'any node',
    options: [address, workloadNode],
  });
  addView(program, context, {
    name: 'services',
    description: 'every service, its virtual address and healthy/all endpoints',
    view: SERVICES,
    reach: 'any node',
    options: [],
  });
  addView(program, context, {
    name: 'policies',
    description: 'the authorization policies that node proxies enforce, and behind them what waypoints do',
    view: POLICIES,
    reach: 'any node',
    options: [],
    behind: (dump, given) => guardsBehind(context, dump, given),
  });
  addView(program, context, {
    name: 'certificates',
    description:
      'the certificates that proxies hold for their workloads; with --expiring the roots of the mesh',
    view: CERTIFICATES,
    reach: 'every node',
    options: expiringOptions(),
    instead: (given) => showExpiring(context, given),
  }).addHelpText('after', CERTIFICATES_HELP);
  addView(program, context, {
    name: 'connections',
    description: 'what is open right now, by workload',
    view: CONNECTIONS,
    reach: 'every node',
    options: [direction],
  });
  addRoutesCommand(program, context);
  addEndpointsCommand(program, context);
  addAdminCommand(program, context);
}

interface ViewCommand<T> {
  readonly name: string;
  readonly description: string;
  readonly view: View<T>;
  readonly reach: Reach;
  readonly options: readonly Option[];
  /** Shows something else where the options ask for it; undefined where they do not. */
  readonly instead?: (given: ViewOptions) => Promise<void> | undefined;
  /** What follows, and does not fit into the same columns. */
  readonly behind?: (dump: ConfigDump, given: ViewOptions) => Promise<Behind>;
}

interface Behind {
  readonly items: readonly unknown[];
  /** Empty: there is nothing. */
  readonly table: string;
}

/** Nobody who asks one node's proxy wants to hear of waypoints. */
async function guardsBehind(context: CliContext, dump: ConfigDump, given: ViewOptions): Promise<Behind> {
  const { file, node, namespace } = given;
  if (file === undefined && node !== undefined) return { items: [], table: '' };
  const all =
    file === undefined
      ? await readGuards(await openMesh(context, given), context.terminal)
      : guardsIn(dump.gateway ?? '', dump.resources);
  const items = all.filter((guard) => namespace === undefined || guard.namespace === namespace);
  const rows = items.flatMap((guard) => cellLines(guardRow(guard), WIDEST_CELL));
  return { items, table: rows.length === 0 ? '' : formatTable(GUARD_HEADER, rows, GUARD_GAP) };
}

/** Cells have spaces in them. */
const GUARD_GAP = 2;
/** What is longer goes on in the next line. */
const WIDEST_CELL = 60;

function addView<T>(
  program: Command,
  context: CliContext,
  { name, description, view, reach, options, instead, behind }: ViewCommand<T>,
): Command {
  const command = withMeshPlaceOptions(
    program
      .command(name)
      .description(description)
      .option('-n, --namespace <namespace>', 'only those of this namespace')
      .option('--node <node>', "ask this node's ztunnel"),
  )
    .option('--file <path>', 'a saved config dump instead of a running mesh')
    .addOption(outputOption());
  for (const option of options) command.addOption(option);
  return command.action(async (given: ViewOptions) => {
    const other = instead?.(given);
    if (other !== undefined) return other;
    const dump =
      given.file === undefined
        ? await readDumps(await openMesh(context, given), {
            reach,
            node: given.node,
            terminal: context.terminal,
          })
        : await readDumpFile({ path: given.file, terminal: context.terminal });
    const items = view.select(dump, given);
    const following = await behind?.(dump, given);
    const { terminal } = context;
    if (given.output !== 'table') {
      printData(terminal, given.output, [...items, ...(following?.items ?? [])]);
      return;
    }
    const rows = items.flatMap((item) => view.row(item, dump, Date.now()));
    terminal.stdout.write(formatTable(view.header, rows, view.gap));
    if (following !== undefined && following.table !== '') terminal.stdout.write(`\n${following.table}`);
  });
}
