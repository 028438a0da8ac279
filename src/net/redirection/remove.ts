import type { IpFamily } from '../../model/index.ts';
import type { NetNamespace } from '../namespace/network-namespace.ts';
import { writeSysctls } from '../namespace/sysctl.ts';
import { REDIRECTION_NAMES, type RedirectionNames } from '../redirection-plan/names.ts';
import type { TableName } from '../redirection-plan/rule-set.ts';
import { runInside } from './command.ts';
import { deleteEmptyTables } from './empty-tables.ts';
import { removePolicyRoute } from './policy-routing.ts';
import { readSavedState, STATE_CHAIN, type SavedState } from './saved-state.ts';
import { countJumps, type FamilySnapshot, presentFamilies, takeSnapshots } from './snapshot.ts';

/**
 * `nat-inbound`, `nat-outbound`, `nat` (both): no new connection is captured; those that are live on. `routing`: the
 * rest, which resets connections that are still redirected (`trackedConnections` counts them), and the namespace is
 * as it was found.
 */
export type RemovedPart = 'nat-inbound' | 'nat-outbound' | 'nat' | 'routing';

/**
 * Takes a part of the redirection away, both families, also after a restart of the process: what there is to remove, and
 * under which names, is read from the namespace. Without our mark in it there is nothing: rules of Istio's names are
 * Istio's then. Resolves whether our mark was there. Idempotent, and may be repeated after a failure. One call at a time per
 * namespace. Rejects with NetError.
 */
export async function removeRedirection(namespace: NetNamespace, part: RemovedPart): Promise<boolean> {
  const snapshots = await takeSnapshots(namespace, presentFamilies(namespace));
  const saved = readSavedState(snapshots);
  if (saved === undefined) return false;
  const names = REDIRECTION_NAMES[saved.naming];
  if (part === 'routing') {
    await removeRest(namespace, names, saved, snapshots);
    return true;
  }
  for (const snapshot of snapshots) {
    const jumps = jumpsOf(names, part).flatMap((jump) => jumpRemovals(snapshot, 'nat', jump));
    await restore(namespace, snapshot.family, [['nat', jumps]]);
  }
  return true;
}

async function removeRest(
  namespace: NetNamespace,
  names: RedirectionNames,
  saved: SavedState,
  snapshots: readonly FamilySnapshot[],
): Promise<void> {
  for (const snapshot of snapshots) {
    const changes = TABLES.map((table) => [table, removals(snapshot, table, names)] as const);
    await restore(namespace, snapshot.family, changes);
  }
  removePolicyRoute(namespace, names.policyRoute, FAMILIES);
  // With the last rule gone, conntrack lets go of what it tracked: the settings mean nothing to live connections now.
  writeSysctls(namespace, saved.sysctls);
  await restore(namespace, 4, [['mangle', [`-F ${STATE_CHAIN}`, `-X ${STATE_CHAIN}`]]]);
  await removeNewTables(namespace, saved);
}

/**
 * Tables that were not there before us, and that nobody else has put anything into since. Those of the old, "legacy"
 * iptables stay, empty: the kernel keeps them as long as the namespace lives.
 */
async function removeNewTables(namespace: NetNamespace, saved: SavedState): Promise<void> {
  const snapshots = await takeSnapshots(namespace, presentFamilies(namespace));
  const empty = snapshots.flatMap(({ family, tables }) =>
    [...tables]
      .filter(([name, table]) => table.isEmpty && !saved.tables.has(`${family}.${name}`))
      .map(([name]) => ({ family, name })),
  );
  await deleteEmptyTables(namespace, empty);
}

function removals(snapshot: FamilySnapshot, table: TableName, names: RedirectionNames): readonly string[] {
  const present = [names.prerouting, names.output].filter((chain) =>
    snapshot.tables.get(table)?.chains.has(chain),
  );
  return [
    ...jumpsOf(names, 'nat').flatMap((jump) => jumpRemovals(snapshot, table, jump)),
    ...present.flatMap((chain) => [`-F ${chain}`, `-X ${chain}`]),
  ];
}

function jumpRemovals(snapshot: FamilySnapshot, table: TableName, [hook, chain]: Jump): readonly string[] {
  const count = countJumps(snapshot, table, hook, chain);
  return Array.from({ length: count }, () => `-D ${hook} -j ${chain}`);
}

async function restore(
  namespace: NetNamespace,
  family: IpFamily,
  changes: readonly (readonly [TableName, readonly string[]])[],
): Promise<void> {
  const input = changes
    .filter(([, lines]) => lines.length > 0)
    .map(([table, lines]) => `*${table}\n${lines.join('\n')}\nCOMMIT\n`)
    .join('');
  if (input === '') return;
  const command = family === 4 ? 'iptables-restore' : 'ip6tables-restore';
  await runInside(namespace, command, ['-w', '--noflush'], input);
}

type Jump = readonly [hook: string, chain: string];

function jumpsOf(names: RedirectionNames, part: Exclude<RemovedPart, 'routing'>): readonly Jump[] {
  const inbound: Jump = ['PREROUTING', names.prerouting];
  const outbound: Jump = ['OUTPUT', names.output];
  return { 'nat-inbound': [inbound], 'nat-outbound': [outbound], nat: [inbound, outbound] }[part];
}

/** nat first: what still captures goes before what makes captured connections work. */
const TABLES: readonly TableName[] = ['nat', 'raw', 'mangle'];
const FAMILIES: readonly IpFamily[] = [4, 6];
