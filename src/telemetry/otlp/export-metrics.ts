import { METRICS } from '../metrics/metric-table.ts';
import { makeCounter, type MetricsRegistry } from '../metrics/registry.ts';
import type { ExportCounts } from './batcher.ts';

/** What has become of what was to be exported, by kind. Read at scrapes alone. */
export function registerExportMetrics(
  registry: MetricsRegistry,
  counts: () => readonly (readonly [signal: 'spans' | 'logs', counts: ExportCounts])[],
): void {
  makeCounter(registry, METRICS.telemetryExports, (self) => {
    self.reset();
    for (const [signal, { exported, dropped, failed }] of counts()) {
      self.inc({ signal, outcome: 'exported' }, exported);
      self.inc({ signal, outcome: 'dropped' }, dropped);
      self.inc({ signal, outcome: 'failed' }, failed);
    }
  });
}
