export { createManifestSource, LARGEST_FILE_BYTES, type ManifestSourceOptions } from './manifest-source.ts';
export {
  itemsOf,
  type ManifestContent,
  type ManifestEntry,
  readManifest,
} from './manifest-text.ts';
export { placeInText } from './place-in-text.ts';
export { type ReadObjects, readObjects } from './read-objects.ts';
