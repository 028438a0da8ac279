import { WaypointError } from '../../errors.ts';
import type { BackendRef } from '../endpoints/known-endpoints.ts';

/** The mesh has no such service, port or pod (any more). */
export function unknownBackend(ref: BackendRef): WaypointError {
  const what =
    ref.kind === 'service' ? `port ${ref.port} of ${ref.service}` : `pod ${ref.uid} at ${ref.address}`;
  return new WaypointError({
    code: 'ERR_WAYPOINT_NO_ENDPOINT',
    blame: 'upstream',
    message: `expected ${what} to be in the mesh, got none`,
    hint: 'it may have been deleted a moment ago, or not have arrived here yet',
    reason: 'UNKNOWN_BACKEND',
    retryable: true,
  });
}
