export type { EndpointSliceObject, SliceEndpoint } from './kubernetes/endpoint-slice.ts';
export type { ConfigMapObject } from './kubernetes/config-map.ts';
export type { DeploymentObject } from './kubernetes/deployment.ts';
export {
  type BackendReference,
  type FilteredBackendReference,
  type GatewayClassObject,
  type GatewayListener,
  type GatewayObject,
  type GatewayObjectAddress,
  type GrpcMethodMatch,
  type GrpcRouteMatchFields,
  type GrpcRouteObject,
  type GrpcRouteRule,
  type HttpRouteMatchFields,
  type HttpRouteObject,
  type HttpRouteRule,
  type LabelQuery,
  type LocalReference,
  matchesQuery,
  parseLabelQuery,
  type NamedMatch,
  type NamedValue,
  type NamespaceSelector,
  type ParentReference,
  type PathModifier,
  type ReferenceGrantObject,
  type RouteFilter,
  type RouteObject,
  type SessionPersistenceFields,
  type StreamRouteObject,
  type XBackendTrafficPolicyObject,
} from './gateway-api/index.ts';
export {
  createField,
  type Field,
  type FieldIssue,
  type FieldPath,
  formatFieldPath,
  UNKNOWN_FIELD,
} from './fields/index.ts';
export { type LabelSelector, selects } from './label-selector.ts';
export type { NamespaceObject } from './kubernetes/namespace.ts';
export type { NodeObject } from './kubernetes/node.ts';
export { type ObjectMeta, objectKey } from './object-meta.ts';
export type {
  FaultInjectionObject,
  FilterObject,
  GlobalCountingObject,
  RateLimitObject,
  RateLimitRuleObject,
  RequestMatch,
  TargetReference,
  TrafficPolicyObject,
} from './nodemesh/index.ts';
export {
  apiVersionsOf,
  formatIssue,
  formatNotices,
  inspectObject,
  isGuard,
  isToldFaulty,
  type MeshObject,
  type ObjectKind,
  objectKindOf,
  parseObject,
} from './parse-object.ts';
export type { PodObject } from './kubernetes/pod.ts';
export type { ServiceObject } from './kubernetes/service.ts';
export type { ServiceAccountObject } from './kubernetes/service-account.ts';
export {
  type AuthorizerObject,
  type CollectorObject,
  type ExtensionProviderObject,
  type LogFormatObject,
  MESH_CONFIG_NAMES,
  type MeshConfigObject,
  type TelemetryProviderObject,
} from './mesh-config/index.ts';
export type {
  AccessLoggingObject,
  CustomTagObject,
  MetricsObject,
  MetricsOverrideObject,
  TelemetryObject,
  TracingObject,
  WorkloadMode,
} from './telemetry/index.ts';
export type {
  AuthorizationPolicyObject,
  JwtRuleObject,
  MtlsMode,
  PeerAuthenticationObject,
  PolicyCondition,
  PolicyOperation,
  PolicyRule,
  PolicySource,
  PolicyTargetReference,
  RequestAuthenticationObject,
} from './security/index.ts';
