export { listPages } from './collections/index.ts';
export { createKubernetesApi, type KubernetesApiOptions } from './create-kubernetes-api.ts';
export type { KubernetesAccess } from './credentials.ts';
export { isKubernetesError, KUBERNETES_ERROR_CODES, KubernetesError, type MissingRight } from './errors.ts';
export type { KubernetesApi } from './kubernetes-api.ts';
export { isRecord, type KubernetesObject, type WatchEvent } from './kubernetes-object.ts';
export { createPodAccess, type PodAccess, type PodPort } from './pods/index.ts';
export {
  apiVersionOf,
  describeTarget,
  type ResourceCollection,
  type ResourceTarget,
  type ResourceType,
  resourceType,
} from './resource.ts';
