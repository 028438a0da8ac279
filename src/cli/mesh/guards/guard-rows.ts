import { shortServiceNames } from '../short-text.ts';
import type { Guard } from './guards.ts';

export const GUARD_HEADER = ['WAYPOINT', 'KIND', 'NAME', 'ACTION', 'ATTACHED TO', 'NOTE'];

/** One row, of whose cells the lines. */
export function guardRow(guard: Guard): readonly (readonly string[])[] {
  const { waypoint, kind, namespace, name, action = '', dryRun, notUnderstood, attachedTo } = guard;
  return [
    [waypoint],
    [kind],
    [`${namespace}/${name}`],
    // A stand-in denies, which nobody has written.
    [notUnderstood === undefined ? `${action}${dryRun === true ? ' (dry run)' : ''}` : 'refuses all'],
    attachedTo.length === 0 ? ['routes that name it'] : attachedTo.map(shortServiceNames),
    [notUnderstood === undefined ? '' : `not understood: ${notUnderstood}`],
  ];
}
