import { describeError, MeshError } from '../base/index.ts';
import { WaypointError } from './errors.ts';

/** A thrown thing that is no MeshError is a fault of ours; it is recorded as one and never hides the cause. */
export function fromUnknown(error: unknown): MeshError {
  if (error instanceof MeshError) return error;
  return new WaypointError({
    code: 'ERR_WAYPOINT_FAULT',
    blame: 'local',
    message: describeError(error),
    cause: error,
  });
}
