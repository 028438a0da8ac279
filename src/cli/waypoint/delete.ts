import type { Command } from 'commander';
import type { KubeObject } from '../../lab/cluster/objects/index.ts';
import type { CliContext } from '../context.ts';
import { CliError } from '../errors.ts';
import { type ObjectStore, withObjectsToChange } from '../object-store/index.ts';
import type { Terminal } from '../terminal/index.ts';
import { findWaypoints, type WaypointOptions, withWaypointOptions } from './waypoint-access.ts';
import type { WaypointGateway } from './waypoint-gateway.ts';

interface DeleteOptions extends WaypointOptions {
  readonly all?: boolean;
  readonly revision?: string;
}

/** `nodemesh waypoint delete`. */
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
      const { all = false } = options;
      if (names.length > 0 === all) {
        throw new CliError({
          code: 'ERR_CLI_OPTION',
          blame: 'downstream',
          message: 'say which waypoints: their names, or --all',
        });
      }
      await withObjectsToChange(context, options, (store) =>
        deleteWaypoints(store, names, { options, terminal: context.terminal }),
      );
    });
}

async function deleteWaypoints(
  store: ObjectStore,
  names: readonly string[],
  { options, terminal }: { readonly options: DeleteOptions; readonly terminal: Terminal },
): Promise<void> {
  const { namespace, revision } = options;
  const { stdout, stderr } = terminal;
  const found = (await findWaypoints(store, namespace, names)).filter(
    (waypoint) => revision === undefined || waypoint.revision === revision,
  );
  for (const waypoint of found) {
    await store.delete({ kind: 'Gateway', namespace, name: waypoint.name });
    stdout.write(`waypoint ${namespace}/${waypoint.name} deleted\n`);
    for (const { object, label } of await usersOf(store, waypoint)) {
      const effect = label.endsWith('-canary')
        ? 'the primary waypoint takes its share'
        : 'what is to go through it is refused';
      stderr.write(`warning: ${object} still names it: ${effect} (its label ${label})\n`);
    }
  }
  if (found.length === 0) stdout.write('No waypoints found.\n');
}

/** A namespace, service or pod, and the label by which it names a waypoint. */
export interface WaypointUser {
  /** `service shop/cart`. */
  readonly object: string;
  readonly label: string;
}

/** Those that name the waypoint, as it or as a canary. */
async function usersOf(store: ObjectStore, waypoint: WaypointGateway): Promise<readonly WaypointUser[]> {
  const lists = await Promise.all(['Namespace', 'Service', 'Pod'].map((kind) => store.objects(kind)));
  return namingWaypoint(lists.flat(), waypoint);
}

/** Those among the objects that name the waypoint. */
export function namingWaypoint(
  objects: readonly KubeObject[],
  { namespace, name }: Pick<WaypointGateway, 'namespace' | 'name'>,
): readonly WaypointUser[] {
  return objects.flatMap(({ kind, metadata }) => {
    const own = metadata.namespace || metadata.name;
    const where = metadata.namespace === '' ? '' : `${metadata.namespace}/`;
    return LABELS.filter(
      (label) =>
        metadata.labels[label] === name && (metadata.labels[`${label}-namespace`] ?? own) === namespace,
    ).map((label) => ({ object: `${kind.toLowerCase()} ${where}${metadata.name}`, label }));
  });
}

const LABELS = [
  'istio.io/use-waypoint',
  'nodemesh.io/use-waypoint',
  'istio.io/use-waypoint-canary',
  'nodemesh.io/use-waypoint-canary',
];
