export { clusterChecks } from './cluster-checks.ts';
export { noCluster } from './no-cluster.ts';
export { noMesh } from './no-mesh.ts';
