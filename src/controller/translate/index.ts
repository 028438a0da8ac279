export { appProtocolOf } from './app-protocol.ts';
export {
  type AdmissionCondition,
  type AdmissionOutcome,
  type FilterLookup,
  filterInvalid,
  type RateLimitLookup,
  type TargetLookup,
  translateFaultInjection,
  translateFilter,
  translateRateLimit,
} from './admission/index.ts';
export {
  denyAllPolicy,
  type TranslatedPolicy,
  translateAuthorizationPolicy,
} from './authorization-policy.ts';
export { slicePods, slicePorts, sliceServiceKey, translateEndpointSlice } from './endpoint-slice.ts';
export {
  type CheckedRoute,
  checkRules,
  claimKey,
  claimKeysFor,
  claimSlot,
  claimsOf,
  foreignParentsOf,
  grantSlot,
  grantSlots,
  type ParentLookup,
  precedes,
  type RouteClaim,
  type RouteCondition,
  type RouteParentStatus,
  type RouteReferences,
  type RouteStatus,
  routeControllers,
  SERVICE_CONTROLLER,
  type ServicePortFacts,
  serviceFacts,
  translateRoute,
} from './gateway-api/index.ts';
export type { MeshSettings } from './mesh-settings.ts';
export {
  type PeerAuthenticationLevels,
  peerAuthenticationPolicies,
  staticStrictPolicy,
  translatePeerAuthentication,
} from './peer-authentication.ts';
export { isCapturedHere, podUid, translatePod } from './pod.ts';
export {
  bindPolicyTarget,
  type GuardCondition,
  type GuardOutcome,
  type GuardTargets,
  guardAuthentication,
  guardPolicy,
  type RequestPolicyContext,
  providerHost,
  providerService,
  translateAuthorizer,
  translateMeshConfig,
  translateRequestPolicy,
  trustDomainsOf,
} from './security/index.ts';
export {
  bindService,
  ingressUsesWaypoint,
  leadToWaypoint,
  type ServiceInfo,
  translateService,
} from './service.ts';
export { serviceHostname } from './service-hostname.ts';
export {
  DATAPLANE_MODE,
  GATEWAY_NAME,
  isTrue,
  REDIRECTION,
  REDIRECTION_ENABLED,
  DRY_RUN,
  readClaim,
  readTwin,
  type TwinName,
  USE_WAYPOINT,
  WAYPOINT_BYPASS,
} from './twin-name.ts';
export {
  allowedNamespaces,
  type BindingStatus,
  type BoundWaypoint,
  bindWaypoint,
  inboundBinding,
  ownController,
  translateWaypoint,
  type WaypointInfo,
  type WaypointStatus,
  type WaypointTraffic,
  waypointStatus,
} from './waypoint/index.ts';
export {
  type MeshTelemetry,
  mergeTelemetry,
  type TelemetryOutcome,
  telemetryOutcome,
  translateMeshTelemetry,
} from './telemetry/index.ts';
export {
  settleConflicts,
  type TrafficCondition,
  type TrafficOutcome,
  targetSlot,
} from './traffic/traffic-outcome.ts';
export { translateTrafficPolicy, translateXBackendTrafficPolicy } from './traffic/traffic-policy.ts';
