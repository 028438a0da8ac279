export { type Collection, createGraph, type Fetch, type Graph, type Index, type Store } from './graph.ts';
export {
  type CaptureReport,
  createMeshCollections,
  type Judged,
  type MeshCollections,
} from './mesh-collections.ts';
