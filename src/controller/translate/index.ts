export {
  denyAllPolicy,
  type PolicyWarning,
  type TranslatedPolicy,
  translateAuthorizationPolicy,
} from './authorization-policy.ts';
export { slicePods, sliceServiceKey, translateEndpointSlice } from './endpoint-slice.ts';
export type { MeshSettings } from './mesh-settings.ts';
export {
  type PeerAuthenticationLevels,
  peerAuthenticationPolicies,
  staticStrictPolicy,
  translatePeerAuthentication,
} from './peer-authentication.ts';
export { isCaptured, type PodContext, podUid, translatePod } from './pod.ts';
export { ingressUsesWaypoint, type ServiceInfo, serviceHostname, translateService } from './service.ts';
export {
  DATAPLANE_MODE,
  isTrue,
  REDIRECTION,
  REDIRECTION_ENABLED,
  readTwin,
  type TwinName,
} from './twin-name.ts';
