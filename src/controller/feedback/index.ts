export { warnOfAnnotations } from './annotation-warnings.ts';
export { writeBindingStatus } from './binding-status.ts';
export { writeGatewayClassStatus } from './gateway-class-status.ts';
export { writePolicyStatus } from './policy-status.ts';
export { recordProblems } from './problem-events.ts';
export { writeWaypointStatus } from './waypoint-status.ts';
export { writeRouteStatus } from './route-status.ts';
