export { analyzeBindingLabels } from './binding-labels.ts';
export { analyzeExtensions } from './extensions.ts';
export { analyzeRoutes } from './routes.ts';
export { analyzeShadowedRoutes } from './shadowed-routes.ts';
export {
  analyzePortProtocols,
  analyzeSessionAffinity,
  analyzeUdpPorts,
  analyzeWaypointUse,
} from './waypoint-use.ts';
