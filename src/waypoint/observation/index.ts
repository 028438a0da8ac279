export { failedRequests } from './observe-request.ts';
export { observeWaypoint } from './observe-waypoint.ts';
export { LATE_REFUSALS, VERDICTS } from './verdicts.ts';
export { waypointState } from './waypoint-state.ts';
