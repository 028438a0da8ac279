import type { Command } from 'commander';
import type { CliContext } from '../context.ts';
import { absentRoutes } from '../lab/objects/absent-routes.ts';
import { outputOption } from '../lab/output-option.ts';
import { type MeshPlaceOptions, openMesh, withMeshPlaceOptions } from '../running-mesh/index.ts';
import { cellLines, formatTable, type OutputFormat } from '../terminal/index.ts';
import { printData } from '../terminal/print-data.ts';
import { ENDPOINT_HEADER, endpointRows } from './endpoint-rows.ts';
import { ROUTE_HEADER, routeProblems, routeRows } from './route-rows.ts';
import {
  readEndpoints,
  readEndpointsFile,
  readRoutes,
  readRoutesFile,
  type WaypointChoice,
} from './waypoint-dumps.ts';

interface ViewOptions extends WaypointChoice, MeshPlaceOptions {
  readonly namespace?: string;
  readonly file?: string;
  readonly output: OutputFormat;
}

/** `nodemesh routes`: what waypoints were told. */
export function addRoutesCommand(program: Command, context: CliContext): void {
  const { terminal } = context;
  const command = program
    .command('routes')
    .description('the routes that waypoints were told, a row for each rule, and what is wrong with them')
    .option('-n, --namespace <namespace>', 'only the routes of this namespace');
  withWaypointOptions(command)
    .addHelpText(
      'after',
      `
A star behind a path stands for what is below it, a tilde before a value for a regular expression. What does not work is
told behind the table, and so are routes for Services that no waypoint was told.

Examples:
  $ nodemesh routes -n shop
  $ nodemesh routes --waypoint shop/waypoint -o yaml
  $ nodemesh admin waypoint/shop/waypoint /config_dump | nodemesh routes --file -`,
    )
    .action(async (options: ViewOptions) => {
      const { file, namespace, output } = options;
      const mesh = file === undefined ? await openMesh(context, options) : undefined;
      const all =
        mesh !== undefined
          ? await readRoutes(mesh, options, terminal)
          : await readRoutesFile({ path: file ?? '-', terminal });
      const routes = all.filter((route) => namespace === undefined || route.namespace === namespace);
      if (output !== 'table') {
        printData(terminal, output, routes);
        return;
      }
      const rows = routes.flatMap(routeRows).flatMap((cells) => cellLines(cells, WIDEST_CELL));
      terminal.stdout.write(rows.length === 0 ? 'No routes found.\n' : formatTable(ROUTE_HEADER, rows, GAP));
      for (const problem of routes.flatMap(routeProblems)) terminal.stderr.write(`warning: ${problem}\n`);
      if (mesh === undefined || options.waypoint !== undefined) return;
      const known = new Set(routes.map((route) => `${route.kind} ${route.namespace}/${route.name}`));
      for (const absent of await absentRoutes(mesh, known, namespace))
        terminal.stderr.write(`note: ${absent}\n`);
    });
}

/** `nodemesh endpoints`: how the endpoints do that waypoints send to. */
export function addEndpointsCommand(program: Command, context: CliContext): void {
  const { terminal } = context;
  const command = program
    .command('endpoints')
    .description('where waypoints send requests, and how each of their replicas finds these endpoints')
    .option('-n, --namespace <namespace>', 'only backends of this namespace')
    .option('--pod <name>', 'only what this replica says');
  withWaypointOptions(command)
    .addHelpText(
      'after',
      `
Each replica has its own connections and its own opinion. A backend is unused while no request has gone there.

Examples:
  $ nodemesh endpoints -n shop
  $ nodemesh endpoints --waypoint shop/waypoint -o json`,
    )
    .action(async (options: ViewOptions) => {
      const { file, namespace, output } = options;
      const all =
        file === undefined
          ? await readEndpoints(await openMesh(context, options), options, terminal)
          : await readEndpointsFile({ path: file, terminal });
      const backends = all.filter((item) => namespace === undefined || item.namespace === namespace);
      if (output !== 'table') {
        printData(terminal, output, backends);
        return;
      }
      const rows = backends.flatMap(endpointRows);
      terminal.stdout.write(
        rows.length === 0 ? 'No endpoints found.\n' : formatTable(ENDPOINT_HEADER, rows, GAP),
      );
    });
}

function withWaypointOptions(command: Command): Command {
  return withMeshPlaceOptions(command.option('--waypoint <namespace/name>', 'only what this waypoint says'))
    .option('--file <path>', 'a saved config dump of a waypoint instead of a running mesh')
    .addOption(outputOption());
}

/** Cells have spaces in them. */
const GAP = 2;
/** What is longer goes on in the next line. */
const WIDEST_CELL = 48;
