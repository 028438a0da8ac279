export { clusterChecks } from './cluster-checks.ts';
export { noCluster } from './no-cluster.ts';
