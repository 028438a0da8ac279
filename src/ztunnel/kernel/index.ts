export { createExistingConnections, type ExistingConnections } from './existing-connections.ts';
export { createPodNamespaces, type PodNamespaces } from './pod-namespaces.ts';
export { createProcessNamespaces } from './processes/process-namespaces.ts';
export { createPodRedirection } from './pod-redirection.ts';
