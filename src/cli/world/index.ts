export type { ManifestLike } from './imagine.ts';
export { fileObjects, meshObjects, meshSettings } from './read-world.ts';
export { createWorld, DEFAULT_SETTINGS, isPodOfWaypoint, type World, type WorldOptions } from './world.ts';
