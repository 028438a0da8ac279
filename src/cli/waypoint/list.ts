import { type Command, Option } from 'commander';
import type { CliContext } from '../context.ts';
import { withObjects } from '../object-store/index.ts';
import { outputOption } from '../lab/output-option.ts';
import { durationMs } from '../option-values.ts';
import type { OutputFormat } from '../terminal/index.ts';
import { printData } from '../terminal/print-data.ts';
import { listTable, statusTable } from './tables.ts';
import {
  findWaypoints,
  waitUntilProgrammed,
  type WaypointOptions,
  withWaypointOptions,
} from './waypoint-access.ts';
import { stuckPods } from './stuck-pods.ts';
import { isAccepted, isProgrammed } from './waypoint-gateway.ts';

interface ListOptions extends WaypointOptions {
  readonly allNamespaces?: boolean;
  readonly output: OutputFormat;
}

interface StatusOptions extends ListOptions {
  readonly wait?: boolean;
  readonly waypointTimeout: number;
}

/** `nodemesh waypoint list`. */
export function addListCommand(waypoint: Command, context: CliContext): void {
  withWaypointOptions(waypoint.command('list').description('the waypoints of a namespace, or of all with -A'))
    .option('-A, --all-namespaces', 'of all namespaces')
    .addOption(outputOption())
    .action(async (options: ListOptions) => {
      const everywhere = options.allNamespaces === true;
      const found = await withObjects(context, options, (store) =>
        findWaypoints(store, everywhere ? undefined : options.namespace),
      );
      if (options.output === 'table') context.terminal.stdout.write(listTable(found, everywhere));
      else printData(context.terminal, options.output, found);
    });
}

/** `nodemesh waypoint status`. */
export function addStatusCommand(waypoint: Command, context: CliContext): void {
  withWaypointOptions(
    waypoint
      .command('status')
      .description(
        'whether waypoints can take traffic, and what is in the way; exits with 1 while one cannot',
      )
      .argument('[names...]', 'default: all of the namespace'),
  )
    .option('-A, --all-namespaces', 'of all namespaces')
    .option('--wait', 'until all of them can')
    .addOption(
      new Option('--waypoint-timeout <duration>', 'how long --wait waits')
        .argParser(durationMs)
        .default(durationMs('90s'), '90s'),
    )
    .addOption(outputOption())
    .action(async (names: readonly string[], options: StatusOptions) => {
      const everywhere = options.allNamespaces === true;
      const namespace = everywhere ? undefined : options.namespace;
      const { found, notes } = await withObjects(context, options, async (store) => {
        if (options.wait === true)
          for (const target of await findWaypoints(store, namespace, names))
            await waitUntilProgrammed(
              store,
              { ...target, timeoutMs: options.waypointTimeout },
              context.terminal,
            );
        const waypoints = await findWaypoints(store, namespace, names);
        const pods = await store.objects('Pod', namespace);
        return {
          found: waypoints,
          notes: waypoints.flatMap((waypoint) => stuckPods(waypoint, pods, store.tool)),
        };
      });
      if (options.output === 'table') context.terminal.stdout.write(statusTable(found, everywhere));
      else printData(context.terminal, options.output, found);
      for (const note of notes) context.terminal.stderr.write(`note: ${note}\n`);
      if (!found.every((waypoint) => isProgrammed(waypoint) && isAccepted(waypoint))) context.setExitCode(1);
    });
}
