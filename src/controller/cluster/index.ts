export { joinCluster } from './join-cluster.ts';
export { type Cluster, type ClusterOptions, openCluster } from './open-cluster.ts';
