export {
  createLabClient,
  type ExecRequest,
  findLab,
  type LabClient,
  type ObjectName,
  type WaypointReplica,
} from './client/index.ts';
export { type ManifestObject, readManifests } from './cluster/index.ts';
export type { KubeObject, PodObject } from './cluster/objects/index.ts';
export { LAB_ERROR_CODES, LabError, type LabErrorCode } from './errors.ts';
export { shopObjects } from './sample/index.ts';
export type { ApplyResult, LabStatus, NodeStatus } from './supervisor/index.ts';
export type { RevocationAnswer, RootAnswer, RotationStep } from './supervisor/index.ts';
