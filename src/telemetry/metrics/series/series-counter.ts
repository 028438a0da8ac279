import { Counter, type MetricObjectWithValues, type MetricValue } from 'prom-client';
import type { MetricDescription } from '../metric-table.ts';
import { configOf, type MetricsRegistry } from '../registry.ts';

/** One rendered value. `sharedLabels` is prom-client's way to render a label set once and keep the text. */
interface SeriesValue extends MetricValue<string> {
  readonly sharedLabels: Record<string, string>;
}

/**
 * A counter whose values are kept by whoever counts, and only read at a scrape: counting is an addition to a number,
 * without hashing two dozen labels for each connection.
 */
export class SeriesCounter extends Counter<string> {
  readonly #read: () => readonly SeriesValue[];

  constructor(registry: MetricsRegistry, metric: MetricDescription, read: () => readonly SeriesValue[]) {
    super(configOf(registry, metric));
    this.#read = read;
  }

  override async get(): Promise<MetricObjectWithValues<MetricValue<string>>> {
    return { ...(await super.get()), values: [...this.#read()] };
  }
}
