export {
  ANALYSIS_LEVELS,
  type AnalysedManifest,
  type AnalysedObject,
  type AnalysisLevel,
  type AnalysisOptions,
  type AnalysisSettings,
  analyze,
  type Finding,
  findDuplicates,
  MESSAGES,
  type MessageDefinition,
  nameOf,
  parseSuppression,
  type Place,
  readAnalysedManifest,
  readAnalysedObject,
  type Suppression,
} from './analysis/index.ts';
export {
  type ControllerConfig,
  type ControllerOptions,
  resolveControllerConfig,
} from './controller-config.ts';
export {
  createMeshCollections,
  type MeshCollections,
  meshContents,
  waypointContents,
} from './collections/index.ts';
export {
  type Controller,
  type ControllerDependencies,
  createController,
} from './create-controller.ts';
export type { CallLimits } from './limits/index.ts';
export { CONTROLLER_ERROR_CODES, ControllerError, type ControllerErrorCode } from './errors.ts';
export {
  createKubernetesApi,
  createPodAccess,
  isKubernetesError,
  type KubernetesAccess,
  type KubernetesApi,
  type KubernetesApiOptions,
  KubernetesError,
  type KubernetesObject,
  listPages,
  type PodAccess,
  type PodPort,
  type ResourceCollection,
  type ResourceTarget,
  type ResourceType,
  resourceType,
} from './kubernetes/index.ts';
export {
  apiVersionsOf,
  formatFieldPath,
  formatIssue,
  formatNotices,
  inspectObject,
  type MeshObject,
  objectKindOf,
  parseObject,
} from './objects/index.ts';
export { type ControllerSink, createSocketSink } from './sink/index.ts';
export { type DeploymentSettings, type ParameterScope, renderGateway } from './deployment/index.ts';
export {
  createKubernetesSource,
  createManifestSource,
  type KubernetesSource,
  type KubernetesSourceOptions,
  type ObjectEvent,
  type ObjectSource,
  readObjects,
  type SourceProblem,
  LARGEST_FILE_BYTES,
} from './sources/index.ts';
export type { Caller, TokenVerifier } from './tokens/index.ts';
export type { MeshSettings } from './translate/index.ts';
export { type Cluster, type ClusterOptions, openCluster } from './cluster/index.ts';
