export type { AddressedResource } from './addressed-resources.ts';
export { type Collection, createGraph, directFetch } from './graph/index.ts';
export { createMeshCollections, type MeshCollections } from './mesh-collections.ts';
export type { Judged } from './mesh-stores.ts';
export type { GuardCollections } from './guard-collections.ts';
export { meshContents, waypointContents } from './mesh-contents.ts';
