export {
  resolveWaypointConfig,
  WAYPOINT_DEFAULTS,
  type WaypointConfig,
  type WaypointOptions,
} from './config/index.ts';
export { WAYPOINT_ERROR_CODES, WaypointError, type WaypointErrorCode } from './errors.ts';
export { createWaypoint, type Waypoint, type WaypointDeps } from './waypoint.ts';
