export { type BoundWaypoint, bindWaypoint } from './bind-waypoint.ts';
export type { BindingStatus } from './binding-status.ts';
export { type WaypointFacts, type WaypointStatus, waypointStatus } from './gateway-status.ts';
export { allowedNamespaces, inboundBinding } from './inbound-binding.ts';
export {
  ownController,
  translateWaypoint,
  WAYPOINT_CLASSES,
  WAYPOINT_CONTROLLERS,
  type WaypointInfo,
  type WaypointTraffic,
} from './waypoint-info.ts';
