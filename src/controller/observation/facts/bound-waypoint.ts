import { owningWaypoints, readUnboundAddress, type WaypointBinding } from '../../../model/index.ts';
import { directFetch, type MeshCollections } from '../../collections/index.ts';

/** `namespace/name` of the first waypoint that it is bound to, or else of the one that its label names in vain; empty without. */
export function boundWaypoint(collections: MeshCollections, binding: WaypointBinding): string {
  const [bound] = collections.boundTo(directFetch, binding);
  if (bound !== undefined) return bound;
  const [unbound] = owningWaypoints(binding).flatMap((address) => readUnboundAddress(address) ?? []);
  return unbound === undefined ? '' : `${unbound.namespace}/${unbound.name}`;
}
