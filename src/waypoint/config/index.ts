export { resolveWaypointConfig, WAYPOINT_DEFAULTS, type WaypointOptions } from './resolve.ts';
export type { WaypointConfig } from './waypoint-config.ts';
