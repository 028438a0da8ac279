export { createExistingConnections } from './existing-connections.ts';
export { createNodeProbes, NO_NODE_PROBES, type NodeProbes } from './node-probes.ts';
export { createPodNamespaces, type PodNamespaces } from './pod-namespaces.ts';
export { createProcessNamespaces } from './processes/process-namespaces.ts';
export { createPodRedirection, type PodRedirection } from './pod-redirection.ts';
