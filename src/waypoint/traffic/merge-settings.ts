import type { MergedSection, TrafficOverrides, TrafficSettings, Unset } from '../../model/index.ts';

/** Lays overrides over the defaults, the strongest first. The defaults themselves when nothing is said. */
export function mergeSettings(
  overrides: readonly TrafficOverrides[],
  defaults: TrafficSettings,
): TrafficSettings {
  return overrides.reduceRight(layOver, defaults);
}

function layOver(below: TrafficSettings, above: TrafficOverrides): TrafficSettings {
  return {
    loadBalancer: above.loadBalancer ?? below.loadBalancer,
    locality: above.locality ?? below.locality,
    slowStart: above.slowStart ?? below.slowStart,
    panicThresholdPercent: above.panicThresholdPercent ?? below.panicThresholdPercent,
    outliers: section(below.outliers, above.outliers),
    limits: section(below.limits, above.limits),
    timeouts: section(below.timeouts, above.timeouts),
    retry: section(below.retry, above.retry),
    retryBudget: section(below.retryBudget, above.retryBudget),
    sessionPersistence: above.sessionPersistence ?? below.sessionPersistence,
    connections: section(below.connections, above.connections),
  };
}

function section<T extends TrafficSettings[MergedSection]>(below: T, above: Unset<T>): T {
  const said = Object.fromEntries(Object.entries(above).filter(([, value]) => value !== undefined));
  return { ...below, ...said };
}
