export type {
  ApplicablePolicies,
  Endpoint,
  MeshView,
  MeshViewBatch,
  MeshViewChange,
  MeshViewStore,
} from './mesh-view.ts';
export { createMeshView } from './store.ts';
