export { createManifestSource, type ManifestSourceOptions, readObjects } from './manifests/index.ts';
export type { ObjectEvent, ObjectSource, SourceProblem } from './object-source.ts';
