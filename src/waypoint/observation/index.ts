export { observeWaypoint, type WaypointObservation } from './observe-waypoint.ts';
export { LATE_REFUSALS } from './verdicts.ts';
export { waypointPolicies } from './waypoint-policies.ts';
export { waypointView } from './waypoint-view.ts';
