import { METRICS } from './metric-table.ts';
import { makeCounter, makeGauge, type MetricsRegistry } from './registry.ts';

/** What a waypoint counts of authorizers, RateLimits, FaultInjections and Filters. Objects are called `<namespace>/<name>`. */
export interface AdmissionMetrics {
  readonly rateLimits: {
    limited(policy: string, rule: string): void;
    unchecked(policy: string, outcome: 'passed' | 'refused'): void;
    overflowed(policy: string): void;
  };
  readonly authorizers: {
    answered(authorizer: string, outcome: 'allowed' | 'denied' | 'passed' | 'refused'): void;
  };
  readonly filters: {
    called(filter: string, hook: 'request' | 'response', outcome: string): void;
    ended(filter: string, reason: string): void;
  };
  readonly faults: { injected(policy: string, kind: 'delay' | 'abort' | 'skipped'): void };
}

/** What is asked at each scrape. */
export interface AdmissionGauges {
  readonly rateLimitKeys: () => number;
  readonly heldUpRequests: () => number;
  readonly tokenKeys: () => readonly HeldTokenKeys[];
  readonly runningFilters: () => number;
}

/** The keys that are held of one issuer. */
export interface HeldTokenKeys {
  readonly issuer: string;
  readonly keys: number;
  /** Milliseconds since 1970; undefined: never. */
  readonly fetchedMs: number | undefined;
}

/** Registers them all. Once for each registry. */
export function createAdmissionMetrics(registry: MetricsRegistry, read: AdmissionGauges): AdmissionMetrics {
  const limited = makeCounter(registry, METRICS.rateLimited);
  const unchecked = makeCounter(registry, METRICS.rateLimitUnchecked);
  const overflows = makeCounter(registry, METRICS.rateLimitOverflows);
  makeGauge(registry, METRICS.rateLimitKeys, (self) => self.set(read.rateLimitKeys()));
  const faults = makeCounter(registry, METRICS.faults);
  makeGauge(registry, METRICS.heldUpRequests, (self) => self.set(read.heldUpRequests()));
  const answers = makeCounter(registry, METRICS.authorizerAnswers);
  makeGauge(registry, METRICS.tokenKeys, (self) => {
    self.reset();
    for (const { issuer, keys } of read.tokenKeys()) self.set({ issuer }, keys);
  });
  makeGauge(registry, METRICS.tokenKeysFetched, (self) => {
    self.reset();
    for (const { issuer, fetchedMs } of read.tokenKeys())
      if (fetchedMs !== undefined) self.set({ issuer }, fetchedMs / 1_000);
  });
  const filterCalls = makeCounter(registry, METRICS.filterCalls);
  const filterEnds = makeCounter(registry, METRICS.filterEnds);
  makeGauge(registry, METRICS.runningFilters, (self) => self.set(read.runningFilters()));
  return {
    authorizers: { answered: (authorizer, outcome) => answers.inc({ authorizer, outcome }) },
    filters: {
      called: (filter, hook, outcome) => filterCalls.inc({ filter, hook, outcome }),
      ended: (filter, reason) => filterEnds.inc({ filter, reason }),
    },
    faults: { injected: (policy, kind) => faults.inc({ policy, kind }) },
    rateLimits: {
      limited: (policy, rule) => limited.inc({ policy, rule }),
      unchecked: (policy, outcome) => unchecked.inc({ policy, outcome }),
      overflowed: (policy) => overflows.inc({ policy }),
    },
  };
}
