import type { GrpcRouteObject } from './grpc-route.ts';
import type { HttpRouteObject } from './http-route.ts';
import type { StreamRouteObject } from './stream-route.ts';

export {
  type GatewayListener,
  type GatewayObject,
  type GatewayObjectAddress,
  type LabelQuery,
  matchesQuery,
  parseLabelQuery,
  type NamespaceSelector,
  parseGateway,
} from './gateway/index.ts';
export { type GatewayClassObject, parseGatewayClass } from './gateway-class.ts';
export { type GrpcRouteObject, type GrpcRouteRule, parseGrpcRoute } from './grpc-route.ts';
export {
  type FilteredBackendReference,
  type HttpRouteObject,
  type HttpRouteRule,
  parseHttpRoute,
} from './http-route.ts';
export type { LocalReference } from './name-rules.ts';
export { parseReferenceGrant, type ReferenceGrantObject } from './reference-grant.ts';
export { parseSessionPersistence } from './route/index.ts';
export type {
  BackendReference,
  GrpcMethodMatch,
  GrpcRouteMatchFields,
  HeaderModifier,
  HttpPathMatch,
  HttpRouteMatchFields,
  NamedMatch,
  NamedValue,
  ParentReference,
  PathModifier,
  RouteFilter,
  RouteRetryFields,
  RouteTimeoutFields,
  SessionPersistenceFields,
  WeightedBackendReference,
} from './route/index.ts';
export {
  parseTcpRoute,
  parseTlsRoute,
  type StreamRouteObject,
  type StreamRouteRule,
} from './stream-route.ts';
export { parseXBackendTrafficPolicy, type XBackendTrafficPolicyObject } from './x-backend-traffic-policy.ts';

/** A route of any kind. */
export type RouteObject = HttpRouteObject | GrpcRouteObject | StreamRouteObject;
