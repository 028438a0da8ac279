import type { TrafficEnd } from '../../../model/index.ts';

/** So many who take all that they can fill a table; nobody alone can have what is kept of others forgotten. */
const SHARES = 4;

/** The most that one of many may have of a table. */
export function shareOf(capacity: number): number {
  return Math.ceil(capacity / SHARES);
}

/** Whose share an event takes part of; all that is outside of the mesh has one, since addresses cost nothing. */
export function clientOf({ namespace, workload }: TrafficEnd): string {
  return namespace === '' ? '' : `${namespace}/${workload}`;
}
