export { createPodIdentities } from './pod-identities.ts';
export { startPodProxy } from './pod-proxy.ts';
export type { PodProxyDeps } from './pod-proxy-deps.ts';
export type { TunnelRejection } from './tunnel-listener.ts';
