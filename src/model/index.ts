export {
  type AuthorizationPolicy,
  type Clause,
  EMPTY_MATCH,
  type Match,
  policyKey,
  type Rule,
  type ServiceAccountMatch,
  type StringMatch,
} from './authorization.ts';
export { type Cidr, cidrContains, cidrFromBytes, formatCidr, parseCidr } from './cidr.ts';
export type {
  CaptureModes,
  EnrolmentPod,
  EnrolmentReceipt,
  EnrolmentReport,
  EnrolmentState,
} from './enrolment.ts';
export { MODEL_ERROR_CODES, ModelError, type ModelErrorCode } from './errors.ts';
export {
  formatAuthority,
  type IpAddress,
  type IpFamily,
  ipAddressFromBytes,
  ipAddressToBytes,
  ipFamily,
  kernelIpAddress,
  parseIpAddress,
  tryParseIpAddress,
} from './ip-address.ts';
export {
  type ApplicablePolicies,
  createMeshView,
  type Endpoint,
  type MeshView,
  type MeshViewBatch,
  type MeshViewChange,
  type MeshViewStore,
} from './mesh-view/index.ts';
export {
  HBONE_PORT,
  INBOUND_PLAINTEXT_PORT,
  OUTBOUND_PORT,
  type Port,
  parsePort,
  RECURSIVE_PORTS,
} from './port.ts';
export {
  attributeService,
  expectedIdentities,
  hasServicePort,
  identityOf,
  isRefusal,
  isWaypointPod,
  type ResolveRequest,
  resolveTargetPort,
  resolveUpstream,
  UPSTREAM_REFUSAL_REASONS,
  type Upstream,
  type UpstreamRefusal,
  type UpstreamRefusalReason,
} from './resolution/index.ts';
export {
  type AppProtocol,
  type GatewayAddress,
  type LoadBalancing,
  type LoadBalancingScope,
  type NetworkAddress,
  type PortMapping,
  type Service,
  type ServiceKey,
  serviceKey,
  type WeightedWaypoint,
} from './service.ts';
export {
  checkTrustDomain,
  parseSpiffeId,
  type SpiffeId,
  tryParseSpiffeId,
  type WorkloadIdentity,
  workloadIdentity,
} from './spiffe-id.ts';
export type { TrustBundle } from './trust-bundle.ts';
export type {
  ApplicationTunnel,
  Locality,
  NetworkMode,
  PolicyKey,
  TunnelProtocol,
  Workload,
  WorkloadStatus,
  WorkloadType,
  WorkloadUid,
} from './workload.ts';
