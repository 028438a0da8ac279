import { makeCounter, makeGauge, METRICS, type MetricsRegistry } from '../../telemetry/index.ts';
import type { Neighbours } from './context/index.ts';
import type { WebhookServer } from './serve/index.ts';

/** Read at scrapes alone. */
export function registerWebhookMetrics(
  registry: MetricsRegistry,
  parts: {
    readonly server: Pick<WebhookServer, 'outcomes'>;
    readonly neighbours: Pick<Neighbours, 'size'>;
  },
): void {
  makeCounter(registry, METRICS.controllerReviews, (self) => {
    self.reset();
    for (const [outcome, count] of Object.entries(parts.server.outcomes)) self.inc({ outcome }, count);
  });
  makeGauge(registry, METRICS.controllerReviewObjects, (self) => self.set(parts.neighbours.size));
}
