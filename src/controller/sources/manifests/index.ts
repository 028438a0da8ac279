export { createManifestSource, LARGEST_FILE_BYTES, type ManifestSourceOptions } from './manifest-source.ts';
export { itemsOf, readManifest } from './manifest-text.ts';
export { placeInText } from './place-in-text.ts';
export { readObjects } from './read-objects.ts';
