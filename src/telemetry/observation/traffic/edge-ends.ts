import type { TrafficEdge, TrafficEnd } from '../../../model/index.ts';

/** `namespace/workload`. */
export function endName({ namespace, workload }: TrafficEnd): string {
  return `${namespace}/${workload}`;
}

/** A client's node may know of a waypoint's traffic only that it went to the waypoint. */
export function hasDestination({ destination, waypoint, reporter }: TrafficEdge): boolean {
  if (destination.workload === '') return false;
  return reporter === 'waypoint' || endName(destination) !== waypoint;
}
