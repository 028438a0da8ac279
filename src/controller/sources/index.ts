export { createManifestSource, type ManifestSourceOptions } from './manifests/index.ts';
export type { ObjectEvent, ObjectSource, SourceProblem } from './object-source.ts';
