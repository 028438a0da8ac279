export { joinCluster } from './join-cluster.ts';
export { type Cluster, type ClusterOptions, openCluster } from './open-cluster.ts';
export { relayToOthers } from './relay-to-others.ts';
