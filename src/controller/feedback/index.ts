export { writeAdmissionStatus } from './admission-status.ts';
export { writeBindingStatus } from './binding-status.ts';
export { writeGatewayClassStatus } from './gateway-class-status.ts';
export { writeGuardStatus } from './guard-status.ts';
export {
  noticeMeshConfig,
  recordProblems,
  warnOfAnnotations,
  warnOfForeignAddresses,
  warnOfSkew,
} from './notices/index.ts';
export { writePolicyStatus } from './policy-status.ts';
export { repeatStatusOfReplaced } from './replaced-objects.ts';
export { writeWaypointStatus } from './waypoint-status.ts';
export { writeRouteStatus } from './route-status.ts';
export { writeTelemetryStatus } from './telemetry-status.ts';
export { writeTrafficStatus } from './traffic-status.ts';
