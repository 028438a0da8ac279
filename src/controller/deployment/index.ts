export type { ParameterScope } from './allowed-wishes.ts';
export type { DeploymentSettings } from './deployment-settings.ts';
export { renderWaypoint } from './render-waypoint.ts';
export { readWaypointFlags } from './waypoint-flags.ts';
export { renderGateway } from './render-gateway.ts';
export { createWaypointDeployer, type WaypointDeployer } from './waypoint-deployer.ts';
