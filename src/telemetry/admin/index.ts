export {
  type AdminServer,
  type AdminServerOptions,
  createAdminServer,
} from './admin-server.ts';
export { BAD_REQUEST, sayLast } from './last-words.ts';
export { type AdminBind, listenOn } from './listen.ts';
export { logLevelRoutes } from './log-level-route.ts';
export { metricsRoutes } from './metrics-routes.ts';
export { createReadiness, type Readiness, readinessRoute } from './readiness.ts';
export type { AdminRequest, AdminResponse, AdminRoute } from './route.ts';
