import { METRICS } from './metric-table.ts';
import { makeCounter, makeGauge, type MetricsRegistry } from './registry.ts';

/** What a waypoint counts of RateLimits, FaultInjections and Filters. Objects are called `<namespace>/<name>`. */
export interface AdmissionMetrics {
  readonly rateLimits: {
    limited(policy: string, rule: string): void;
    unchecked(policy: string, outcome: 'passed' | 'refused'): void;
    overflowed(policy: string): void;
  };
}

/** Registers them all. Once for each registry. The function is asked at each scrape. */
export function createAdmissionMetrics(
  registry: MetricsRegistry,
  read: { readonly rateLimitKeys: () => number },
): AdmissionMetrics {
  const limited = makeCounter(registry, METRICS.rateLimited);
  const unchecked = makeCounter(registry, METRICS.rateLimitUnchecked);
  const overflows = makeCounter(registry, METRICS.rateLimitOverflows);
  makeGauge(registry, METRICS.rateLimitKeys, (self) => self.set(read.rateLimitKeys()));
  return {
    rateLimits: {
      limited: (policy, rule) => limited.inc({ policy, rule }),
      unchecked: (policy, outcome) => unchecked.inc({ policy, outcome }),
      overflowed: (policy) => overflows.inc({ policy }),
    },
  };
}
