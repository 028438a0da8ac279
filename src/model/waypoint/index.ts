export {
  type Attachment,
  type GatewayKey,
  gatewayKey,
  type RouteKey,
  type RouteKind,
  routeKey,
} from './attachment.ts';
export type {
  CorsFilter,
  ExtensionKey,
  HeaderFilter,
  HeaderValue,
  HttpFilter,
  MirrorFilter,
  PathReplacement,
  RedirectFilter,
  RewriteFilter,
} from './http-filter.ts';
export {
  attachmentsOf,
  extensionsOf,
  type WaypointResource,
  type WaypointResourceKind,
} from './resource.ts';
export type {
  Backend,
  BackendTarget,
  HttpBackend,
  HttpMatch,
  HttpRoute,
  HttpRule,
  PathMatch,
  Route,
  RouteParent,
  RouteRetry,
  RouteTimeouts,
  SessionPersistence,
  StreamRoute,
  StreamRule,
  ValueMatch,
} from './route.ts';
