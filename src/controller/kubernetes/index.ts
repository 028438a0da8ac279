export { listPages } from './collections/index.ts';
export { createKubernetesApi, type KubernetesApiOptions } from './create-kubernetes-api.ts';
export type { KubernetesAccess } from './credentials.ts';
export type { ServedResource } from './discovery.ts';
export {
  isKubernetesError,
  KUBERNETES_ERROR_CODES,
  KubernetesError,
  type KubernetesErrorCode,
  type MissingRight,
} from './errors.ts';
export type {
  CallOptions,
  DeleteOptions,
  KubernetesApi,
  ListOptions,
  Patch,
  WatchOptions,
  WriteOptions,
} from './kubernetes-api.ts';
export {
  isRecord,
  type KubernetesMetadata,
  type KubernetesObject,
  type ObjectPage,
  type WatchEvent,
} from './kubernetes-object.ts';
export {
  createPodAccess,
  type PodAccess,
  type PodAccessOptions,
  type PodLogRequest,
  type PodPort,
} from './pods/index.ts';
export type { RequestLimits } from './request-gate.ts';
export {
  apiVersionOf,
  describeTarget,
  type ResourceCollection,
  type ResourceTarget,
  type ResourceType,
  resourceType,
} from './resource.ts';
