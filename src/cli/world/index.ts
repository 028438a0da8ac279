export type { ManifestLike } from './imagine.ts';
export { fileObjects, meshObjects, meshSettings } from './read-world.ts';
export { createWorld, isPodOfWaypoint, type World } from './world.ts';
