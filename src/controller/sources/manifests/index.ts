export { createManifestSource, type ManifestSourceOptions } from './manifest-source.ts';
export { type ManifestContent, type ManifestEntry, readManifest } from './manifest-text.ts';
export { type ReadObjects, readObjects } from './read-objects.ts';
