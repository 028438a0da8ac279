export { startPodProxy } from './pod-proxy.ts';
export type { PodProxyDeps } from './pod-proxy-deps.ts';
