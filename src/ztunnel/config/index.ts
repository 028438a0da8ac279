export { resolveZtunnelConfig, ZTUNNEL_DEFAULTS, type ZtunnelOptions } from './resolve.ts';
export {
  type DashboardConfig,
  DEFAULT_TRAFFIC,
  type TrafficConfig,
  type ZtunnelConfig,
} from './ztunnel-config.ts';
