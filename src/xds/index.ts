export {
  createDeltaClient,
  type DeltaClient,
  type DeltaClientOptions,
  type DeltaClientState,
  type ReceivedMessage,
} from './client/delta-client.ts';
export {
  type NamedResource,
  type ResourceFailure,
  type ResourceSubscription,
  type ResourceSubscriptionOptions,
  type ResourceUpdate,
  resourceSubscription,
} from './client/resource-subscription.ts';
export type { Termination, TerminationReason } from './client/termination.ts';
export type { DeltaChannel, DeltaTransport } from './client/transport.ts';
export { Fingerprint, type TextRange } from './fingerprint.ts';
export { XDS_ERROR_CODES, XdsError, type XdsErrorCode } from './errors.ts';
export {
  ADDRESS_TYPE,
  AUTHORIZATION_TYPE,
  type DeltaRequest,
  type DeltaResponse,
  type HeldResource,
  type HeldResources,
  type HeldVisitor,
  ENROLMENT_POD_TYPE,
  MEMBERSHIP_TYPE,
  type ResourceBlock,
  TRUST_BUNDLE_TYPE,
  WAYPOINT_RESOURCE_TYPE,
  VERSION_KEY,
  WORKLOAD_TYPE,
  type XdsNode,
  type XdsResource,
} from './messages.ts';
export type { ConnectedProxy, ProxyTypeStatus, Rejection } from './server/connected-proxy.ts';
export { createDeltaServer, type DeltaServer, type DeltaServerOptions } from './server/delta-server.ts';
export type { DeltaServerStream, StreamPeer } from './server/delta-session.ts';
export type { ResourceUpsert } from './server/snapshot/scoped-resource.ts';
export type { Change, ResourceBatch, SnapshotCache } from './server/snapshot/snapshot-cache.ts';
