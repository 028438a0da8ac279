export type { AddressedResource } from './addressed-resources.ts';
export { type Collection, createGraph, directFetch, type Fetch } from './graph/index.ts';
export { type CaptureReport, createMeshCollections, type MeshCollections } from './mesh-collections.ts';
export type { WaypointHealth } from './waypoint-collections.ts';
export type { Judged, MeshObjects } from './mesh-stores.ts';
export type { EffectiveMeshConfig, GuardCollections } from './guard-collections.ts';
export { meshContents, waypointContents } from './mesh-contents.ts';
