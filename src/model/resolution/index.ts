export { attributeService } from './attribute-service.ts';
export { type InboundPath, inboundPath } from './inbound-path.ts';
export { expectedIdentities, identityOf } from './expected-identities.ts';
export {
  type Candidate,
  type RankedEndpoints,
  rankEndpoints,
  type RankRequest,
  type Whereabouts,
} from './rank-endpoints.ts';
export { addressOfFamily, type ReachOutcome, type ReachRequest, reachWorkload } from './reach-workload.ts';
export { type RefusalContext, refuse } from './refusal.ts';
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
export { gatewayName, isWaypointPod, nameWaypoint } from './waypoint.ts';
