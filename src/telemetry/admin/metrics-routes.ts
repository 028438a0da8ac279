import type { MetricsRegistry } from '../metrics/index.ts';
import type { AdminRoute } from './route.ts';

/** `/metrics`, and `/stats/prometheus` where Istio's scrape annotations look (wire.md §5.1). */
export function metricsRoutes(registry: MetricsRegistry): readonly AdminRoute[] {
  return ['/metrics', '/stats/prometheus'].map((path) => ({
    method: 'GET' as const,
    path,
    summary: 'metrics in the Prometheus text format',
    handle: async () => ({ contentType: registry.contentType, body: await registry.metrics() }),
  }));
}
