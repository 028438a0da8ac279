export { fewAtATime } from './few-at-a-time.ts';
export { dashboardOf } from './lab-mesh.ts';
export { type ApiOptions, openApi, withApiOptions } from './open-api.ts';
export { noZtunnel } from './no-ztunnel.ts';
export { type MeshPlaceOptions, openClusterMesh, openMesh, withMeshPlaceOptions } from './open-mesh.ts';
export type { LogOwner, LogWish, RunningMesh } from './running-mesh.ts';
