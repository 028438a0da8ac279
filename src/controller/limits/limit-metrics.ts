import { makeCounter, makeGauge, METRICS, type MetricsRegistry } from '../../telemetry/index.ts';
import type { LimitedServices } from './limit-services.ts';

/** What the limits refuse and hold back; read at scrapes alone. */
export function registerLimitMetrics(
  registry: MetricsRegistry,
  limited: Pick<LimitedServices<never>, 'refused' | 'streams' | 'waitingForSigning'>,
): void {
  makeCounter(registry, METRICS.controllerRefusedCalls, (self) => {
    self.reset();
    for (const { call, limit, count } of limited.refused()) self.inc({ call, limit }, count);
  });
  makeGauge(registry, METRICS.controllerStreams, (self) => self.set(limited.streams));
  makeGauge(registry, METRICS.controllerWaitingForSigning, (self) => self.set(limited.waitingForSigning));
}
