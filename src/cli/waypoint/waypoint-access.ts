import type { Command } from 'commander';
import { CliError } from '../errors.ts';
import { type ObjectPlaceOptions, type ObjectStore, withObjectPlaceOptions } from '../object-store/index.ts';
import { createProgress, type Terminal } from '../terminal/index.ts';
import { conditionOf, isProgrammed, readWaypoints, type WaypointGateway } from './waypoint-gateway.ts';

/** What `withWaypointOptions` adds. */
export interface WaypointOptions extends ObjectPlaceOptions {
  readonly namespace: string;
}

/** What every command about waypoints takes. */
export function withWaypointOptions(command: Command): Command {
  return withObjectPlaceOptions(
    command.option('-n, --namespace <namespace>', 'where the waypoint is', 'default'),
  );
}

/** Of one namespace, or of all; only those with these names where any are given. Throws for a name that is not there. */
export async function findWaypoints(
  store: Pick<ObjectStore, 'objects'>,
  namespace: string | undefined,
  names: readonly string[] = [],
): Promise<readonly WaypointGateway[]> {
  const [gateways, classes] = await Promise.all([
    store.objects('Gateway', namespace),
    store.objects('GatewayClass'),
  ]);
  const found = readWaypoints(gateways, classes);
  for (const name of names)
    if (!found.some((waypoint) => waypoint.name === name)) throw missing(name, namespace, found);
  return names.length === 0 ? found : found.filter(({ name }) => names.includes(name));
}

/** Resolves when the waypoint has a pod that is ready and the mesh knows it; rejects with what was missing at the end. */
export async function waitUntilProgrammed(
  store: ObjectStore,
  target: { readonly namespace: string; readonly name: string; readonly timeoutMs: number },
  terminal: Terminal,
): Promise<void> {
  const { namespace, name, timeoutMs } = target;
  const progress = createProgress(terminal);
  const deadline = Date.now() + timeoutMs;
  try {
    for (;;) {
      const [waypoint] = await findWaypoints(store, namespace, [name]);
      if (waypoint !== undefined && isProgrammed(waypoint)) return;
      const why =
        waypoint === undefined ? '' : (conditionOf(waypoint, 'Programmed')?.message ?? 'nothing said yet');
      if (Date.now() > deadline) throw timedOut(target, why, store.tool);
      progress.update(`waiting for waypoint ${namespace}/${name}: ${why}`);
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  } finally {
    progress.stop();
  }
}

function missing(name: string, namespace: string | undefined, found: readonly WaypointGateway[]): CliError {
  const there = found.map((waypoint) => waypoint.name).join(', ');
  return new CliError({
    code: 'ERR_CLI_PARTY',
    blame: 'downstream',
    message: `no waypoint ${name}${namespace === undefined ? '' : ` in namespace ${namespace}`}`,
    hint: there === '' ? 'nodemesh waypoint list -A shows all there are' : `there are: ${there}`,
  });
}

function timedOut(
  {
    namespace,
    name,
    timeoutMs,
  }: { readonly namespace: string; readonly name: string; readonly timeoutMs: number },
  why: string,
  tool: ObjectStore['tool'],
): CliError {
  return new CliError({
    code: 'ERR_CLI_TIMEOUT',
    blame: 'local',
    message: `timed out after ${timeoutMs / 1_000} s while waiting for waypoint ${namespace}/${name}: ${why}`,
    hint: `${tool} get pods -n ${namespace}, then ${tool} logs POD -n ${namespace}`,
  });
}

const POLL_MS = 100;
