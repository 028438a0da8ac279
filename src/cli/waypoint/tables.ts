import { formatTable } from '../terminal/index.ts';
import { conditionOf, type WaypointGateway } from './waypoint-gateway.ts';

/** `waypoint list`, in istioctl's columns. */
export function listTable(waypoints: readonly WaypointGateway[], everywhere: boolean): string {
  const header = ['NAME', 'REVISION', 'TRAFFIC TYPE', 'PROGRAMMED'];
  return table(header, waypoints, everywhere, (waypoint) => [
    [
      waypoint.name,
      waypoint.revision,
      waypoint.traffic,
      conditionOf(waypoint, 'Programmed')?.status ?? 'Unknown',
    ],
  ]);
}

/** `waypoint status`: whether each is programmed, and whatever else is not as it should be. */
export function statusTable(waypoints: readonly WaypointGateway[], everywhere: boolean): string {
  const header = ['NAME', 'STATUS', 'TYPE', 'REASON', 'MESSAGE'];
  return table(header, waypoints, everywhere, (waypoint) => {
    const programmed = conditionOf(waypoint, 'Programmed');
    const others = waypoint.conditions.filter(
      ({ type, status }) => type !== 'Programmed' && status !== 'True',
    );
    const shown = [programmed ?? { type: 'Programmed', status: 'Unknown' as const }, ...others];
    return shown.map((condition) => [
      waypoint.name,
      condition.status,
      condition.type,
      condition.reason ?? '',
      condition.message ?? '',
    ]);
  });
}

const NONE_FOUND = 'No waypoints found.\n';

function table(
  header: readonly string[],
  waypoints: readonly WaypointGateway[],
  everywhere: boolean,
  rowsOf: (waypoint: WaypointGateway) => readonly (readonly string[])[],
): string {
  if (waypoints.length === 0) return NONE_FOUND;
  const rows = waypoints.flatMap((waypoint) =>
    rowsOf(waypoint).map((row) => (everywhere ? [waypoint.namespace, ...row] : row)),
  );
  return formatTable(everywhere ? ['NAMESPACE', ...header] : header, rows, GAP);
}

/** Between columns, as istioctl has it. */
const GAP = 5;
