import { readdirSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { descriptorLimit } from '../../base/index.ts';
import { METRICS } from './metric-table.ts';
import { makeCounter, makeGauge, type MetricsRegistry } from './registry.ts';

/** Where to register, and who runs. */
export interface ProcessMetricsOptions {
  readonly registry: MetricsRegistry;
  /** Label of `istio_build`: `ztunnel`, `controller`, … */
  readonly component: string;
  readonly version: string;
  /** Log lines lost so far; read at each scrape. */
  readonly droppedLogLines?: (() => number) | undefined;
}

/** What runs, and what it uses of the machine. Everything is read at scrapes alone. */
export function registerProcessMetrics(options: ProcessMetricsOptions): void {
  const { registry, component, version, droppedLogLines } = options;
  makeGauge(registry, METRICS.build).set({ component, tag: version }, 1);
  makeGauge(registry, METRICS.startTime).set(performance.timeOrigin / 1000);
  makeGauge(registry, METRICS.maximumFds).set(descriptorLimit());
  makeGauge(registry, METRICS.openFds, (self) => self.set(readdirSync('/proc/self/fd').length));
  makeGauge(registry, METRICS.residentBytes, (self) => self.set(process.memoryUsage.rss()));
  makeGauge(registry, METRICS.heapBytes, (self) => self.set(process.memoryUsage().heapUsed));
  makeGauge(registry, METRICS.externalBytes, (self) => self.set(process.memoryUsage().external));
  makeCounter(registry, METRICS.cpuSeconds, (self) => {
    const { user, system } = process.cpuUsage();
    self.reset();
    self.inc((user + system) / 1_000_000);
  });
  let before = performance.eventLoopUtilization();
  makeGauge(registry, METRICS.eventLoopUtilization, (self) => {
    const now = performance.eventLoopUtilization();
    self.set(performance.eventLoopUtilization(now, before).utilization);
    before = now;
  });
  if (droppedLogLines !== undefined) {
    makeCounter(registry, METRICS.logLinesDropped, (self) => {
      self.reset();
      self.inc(droppedLogLines());
    });
  }
}
