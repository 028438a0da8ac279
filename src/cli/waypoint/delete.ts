import type { Command } from 'commander';
import type { LabClient } from '../../lab/client/index.ts';
import { LabError } from '../../lab/index.ts';
import type { CliContext } from '../context.ts';
import { openLab } from '../lab/lab-access.ts';
import { findWaypoints, type WaypointOptions, withWaypointOptions } from './waypoint-access.ts';
import type { WaypointGateway } from './waypoint-gateway.ts';

interface DeleteOptions extends WaypointOptions {
  readonly all?: boolean;
  readonly revision?: string;
}

export function addDeleteCommand(waypoint: Command, context: CliContext): void {
  withWaypointOptions(
    waypoint
      .command('delete')
      .description('take waypoints away, with all that was made for them')
      .argument('[names...]'),
  )
    .option('--all', 'all waypoints of the namespace')
    .option('--revision <name>', 'with --all: only those of this revision')
    .addHelpText(
      'after',
      `
Whoever still names a deleted waypoint in a label is refused, not reached without it: take the labels away first.

Examples:
  $ nodemesh waypoint delete waypoint -n shop
  $ nodemesh waypoint delete --all -n shop
`,
    )
    .action(async (names: readonly string[], options: DeleteOptions) => {
      const { namespace, all = false, revision } = options;
      if (names.length > 0 === all) {
        throw new LabError({
          code: 'ERR_LAB_REQUEST',
          blame: 'downstream',
          message: 'say which waypoints: their names, or --all',
        });
      }
      const { stdout, stderr } = context.terminal;
      const lab = openLab(context, options.lab);
      const found = (await findWaypoints(lab, namespace, names)).filter(
        (waypoint) => revision === undefined || waypoint.revision === revision,
      );
      for (const waypoint of found) {
        await lab.delete({ kind: 'Gateway', namespace, name: waypoint.name });
        stdout.write(`waypoint ${namespace}/${waypoint.name} deleted\n`);
        for (const user of await usersOf(lab, waypoint))
          stderr.write(
            `warning: ${user} still names it: what is to go through it is refused (its label istio.io/use-waypoint)\n`,
          );
      }
      if (found.length === 0) stdout.write('No waypoints found.\n');
    });
}

/** Namespaces, services and pods whose labels name the waypoint. */
async function usersOf(lab: LabClient, waypoint: WaypointGateway): Promise<readonly string[]> {
  const users: string[] = [];
  for (const kind of ['Namespace', 'Service', 'Pod']) {
    for (const { metadata } of await lab.objects(kind)) {
      const own = metadata.namespace || metadata.name;
      const named = LABELS.some(
        ([name, namespace]) =>
          metadata.labels[name] === waypoint.name &&
          (metadata.labels[namespace] ?? own) === waypoint.namespace,
      );
      const where = metadata.namespace === '' ? '' : `${metadata.namespace}/`;
      if (named) users.push(`${kind.toLowerCase()} ${where}${metadata.name}`);
    }
  }
  return users;
}

const LABELS = [
  ['istio.io/use-waypoint', 'istio.io/use-waypoint-namespace'],
  ['nodemesh.io/use-waypoint', 'nodemesh.io/use-waypoint-namespace'],
] as const;
