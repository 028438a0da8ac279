export { attributeService } from './attribute-service.ts';
export { expectedIdentities, identityOf } from './expected-identities.ts';
export { resolveUpstream } from './resolve.ts';
export { hasServicePort, resolveTargetPort } from './target-port.ts';
export {
  isRefusal,
  type ResolveRequest,
  UPSTREAM_REFUSAL_REASONS,
  type Upstream,
  type UpstreamRefusal,
  type UpstreamRefusalReason,
} from './upstream.ts';
export { isWaypointPod } from './waypoint.ts';
