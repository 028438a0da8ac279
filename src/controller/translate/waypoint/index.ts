export {
  type BindingSubject,
  type BoundWaypoint,
  bindWaypoint,
  type WaypointLookup,
} from './bind-waypoint.ts';
export type { BindingStatus } from './binding-status.ts';
export {
  type ListenerStatus,
  type WaypointFacts,
  type WaypointStatus,
  waypointStatus,
} from './gateway-status.ts';
export { allowedNamespaces, inboundBinding, isHbone } from './inbound-binding.ts';
export {
  ownController,
  translateWaypoint,
  WAYPOINT_CLASSES,
  WAYPOINT_CONTROLLERS,
  type WaypointInfo,
  type WaypointTraffic,
} from './waypoint-info.ts';
