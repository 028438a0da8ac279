import type { TrafficOverrides } from '../../../src/model/index.ts';
import { DEFAULT_TRAFFIC_SETTINGS } from '../../../src/waypoint/traffic/default-settings.ts';

/** Overrides that say nothing: tests say what differs. */
export const noOverrides: TrafficOverrides = {
  loadBalancer: undefined,
  locality: undefined,
  slowStart: undefined,
  panicThresholdPercent: undefined,
  outliers: open(DEFAULT_TRAFFIC_SETTINGS.outliers),
  limits: open(DEFAULT_TRAFFIC_SETTINGS.limits),
  timeouts: open(DEFAULT_TRAFFIC_SETTINGS.timeouts),
  retry: open(DEFAULT_TRAFFIC_SETTINGS.retry),
  retryBudget: open(DEFAULT_TRAFFIC_SETTINGS.retryBudget),
  sessionPersistence: undefined,
  connections: open(DEFAULT_TRAFFIC_SETTINGS.connections),
};

function open<T extends object>(section: T): { readonly [Field in keyof T]: undefined } {
  const fields = Object.keys(section).map((field) => [field, undefined]);
  return Object.fromEntries(fields) as { readonly [Field in keyof T]: undefined };
}
