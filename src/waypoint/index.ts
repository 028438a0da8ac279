export {
  resolveWaypointConfig,
  WAYPOINT_DEFAULTS,
  type WaypointConfig,
  type WaypointOptions,
} from './config/index.ts';
export { WAYPOINT_ERROR_CODES, WaypointError, type WaypointErrorCode } from './errors.ts';
export type {
  DumpedBackend,
  DumpedParent,
  DumpedRetry,
  DumpedRoute,
  DumpedRule,
} from './admin/dump-route.ts';
export type { BackendDump, EndpointDump } from './upstream/endpoint-dump.ts';
export { createWaypoint, type Waypoint, type WaypointDeps } from './waypoint.ts';
