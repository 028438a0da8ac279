export {
  type BackendReference,
  parseWeightedBackendReference,
  type WeightedBackendReference,
} from './backend-reference.ts';
export { parseDuration } from './duration.ts';
export type { HeaderModifier, NamedValue } from './filters/header-modifier.ts';
export { parseGrpcFilters, parseHttpFilters, type RouteFilter } from './filters/route-filter.ts';
export type { PathModifier } from './filters/url-change.ts';
export { type GrpcMethodMatch, type GrpcRouteMatchFields, parseGrpcMatch } from './grpc-match.ts';
export {
  type HttpPathMatch,
  type HttpRouteMatchFields,
  type NamedMatch,
  parseHttpMatch,
} from './http-match.ts';
export { type ParentReference, parseParentReferences } from './parent-reference.ts';
export {
  parseRetry,
  parseTimeouts,
  type RouteRetryFields,
  type RouteTimeoutFields,
} from './retry-and-timeouts.ts';
export { createRuleNames, parseReportingControllers } from './rule-names.ts';
export { parseSessionPersistence, type SessionPersistenceFields } from './session-persistence.ts';
