export { resolveZtunnelConfig, ZTUNNEL_DEFAULTS, type ZtunnelOptions } from './resolve.ts';
export { DEFAULT_TRAFFIC, type TrafficConfig, type ZtunnelConfig } from './ztunnel-config.ts';
