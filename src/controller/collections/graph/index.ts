export type { Collection, Store } from './collection-node.ts';
export { directFetch, type Fetch } from './derived-node.ts';
export { createGraph, type Graph } from './graph.ts';
