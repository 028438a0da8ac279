import { METRICS } from './metric-table.ts';
import { makeCounter, makeGauge, type MetricsRegistry } from './registry.ts';

/** One certificate of this process, for its metrics. */
export interface HeldCertificate {
  readonly identity: string;
  /** A word of a closed list, such as `available` or `initializing`. */
  readonly state: string;
  /** Undefined while there is none yet. */
  readonly notBeforeMs: number | undefined;
  /** Undefined while there is none yet. */
  readonly notAfterMs: number | undefined;
}

/** Until when peers can be checked for revocation. `untilMs` is asked at each scrape; undefined: nobody is checked. */
export function registerRevocationMetrics(
  registry: MetricsRegistry,
  untilMs: () => number | undefined,
): void {
  makeGauge(registry, METRICS.revocationListsNotAfter, (self) => {
    const known = untilMs();
    // A reset would leave a 0 there, which is a list that ended in 1970.
    if (known === undefined) self.remove();
    else self.set(known / 1000);
  });
}

/** What is read at each scrape. */
export interface CertificateSource {
  certificates(): readonly HeldCertificate[];
  /** Attempts to get one since the process started. */
  renewals(): { readonly issued: number; readonly failed: number };
}

/** Validity of each certificate held, how many are in which state, and how renewing them goes. */
export function registerCertificateMetrics(
  registry: MetricsRegistry,
  { certificates, renewals }: CertificateSource,
): void {
  makeGauge(registry, METRICS.svidNotBefore, (self) => {
    self.reset();
    for (const { identity, notBeforeMs } of certificates())
      if (notBeforeMs !== undefined) self.set({ identity }, notBeforeMs / 1000);
  });
  makeCounter(registry, METRICS.svidRenewals, (self) => {
    self.reset();
    for (const [outcome, count] of Object.entries(renewals())) self.inc({ outcome }, count);
  });
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
