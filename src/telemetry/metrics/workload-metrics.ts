import { METRICS } from './metric-table.ts';
import { makeCounter, type MetricsRegistry } from './registry.ts';

/** What a node's proxy has done for one workload. */
export interface WorkloadWork {
  readonly namespace: string;
  readonly workload: string;
  readonly connects: number;
  readonly bytes: number;
  /** Estimated. */
  readonly cpuSeconds: number;
}

/** What each workload costs its node's proxy. `read` is asked at each scrape, and bounds the label sets. Once for each registry. */
export function registerWorkloadMetrics(
  registry: MetricsRegistry,
  read: () => readonly WorkloadWork[],
): void {
  const register = (
    metric:
      | typeof METRICS.workloadConnects
      | typeof METRICS.workloadBytes
      | typeof METRICS.workloadCpuSeconds,
    value: (work: WorkloadWork) => number,
  ): void => {
    makeCounter(registry, metric, (self) => {
      // What has left is gone from the metric too.
      self.reset();
      for (const work of read())
        self.inc({ namespace: work.namespace, workload: work.workload }, value(work));
    });
  };
  register(METRICS.workloadConnects, ({ connects }) => connects);
  register(METRICS.workloadBytes, ({ bytes }) => bytes);
  register(METRICS.workloadCpuSeconds, ({ cpuSeconds }) => cpuSeconds);
}
