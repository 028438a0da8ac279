export { createExistingConnections, type ExistingConnections } from './existing-connections.ts';
export { createPodIdentities } from './pod-identities.ts';
export { type PodProxyDeps, startPodProxy } from './pod-proxy.ts';
export { createPodRedirection } from './pod-redirection.ts';
export type { TunnelRejection } from './tunnel-listener.ts';
