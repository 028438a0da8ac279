export {
  createKubernetesSource,
  type KubernetesSource,
  type KubernetesSourceOptions,
} from './kubernetes/index.ts';
export { createManifestSource, LARGEST_FILE_BYTES, readObjects } from './manifests/index.ts';
export { createSelectedSource, type SelectedSource } from './selected/index.ts';
export type { ObjectEvent, ObjectSource, SourceFacts, SourceProblem } from './object-source.ts';
