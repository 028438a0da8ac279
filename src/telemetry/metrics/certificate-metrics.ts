import { METRICS } from './metric-table.ts';
import { makeGauge, type MetricsRegistry } from './registry.ts';

/** One certificate of this process, for its metrics. */
export interface HeldCertificate {
  readonly identity: string;
  /** A word of a closed list, such as `available` or `initializing`. */
  readonly state: string;
  /** Undefined while there is none yet. */
  readonly notAfterMs: number | undefined;
}

/** Until when peers can be checked for revocation. `untilMs` is asked at each scrape; undefined: nobody is checked. */
export function registerRevocationMetrics(
  registry: MetricsRegistry,
  untilMs: () => number | undefined,
): void {
  makeGauge(registry, METRICS.revocationListsNotAfter, (self) => {
    self.reset();
    const known = untilMs();
    if (known !== undefined) self.set(known / 1000);
  });
}

/** Expiry of each certificate held, and how many are in which state. `certificates` is read at each scrape. */
export function registerCertificateMetrics(
  registry: MetricsRegistry,
  certificates: () => readonly HeldCertificate[],
): void {
  makeGauge(registry, METRICS.svidNotAfter, (self) => {
    self.reset();
    for (const { identity, notAfterMs } of certificates())
      if (notAfterMs !== undefined) self.set({ identity }, notAfterMs / 1000);
  });
  makeGauge(registry, METRICS.svids, (self) => {
    self.reset();
    for (const { state } of certificates()) self.inc({ state });
  });
}
