export type { ParameterScope } from './allowed-wishes.ts';
export type { DeploymentSettings } from './deployment-settings.ts';
export { type RenderedWaypoint, type RenderParts, renderWaypoint } from './render-waypoint.ts';
export { readWaypointFlags } from './waypoint-flags.ts';
export { type RenderedGateway, renderGateway } from './render-gateway.ts';
export {
  createWaypointDeployer,
  type WaypointDeployer,
  type WaypointDeployerOptions,
} from './waypoint-deployer.ts';
