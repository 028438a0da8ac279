import {
  Histogram,
  type MetricObjectWithValues,
  type MetricType,
  type MetricValueWithName,
} from 'prom-client';
import type { MetricDescription } from '../metric-table.ts';
import { configOf, type MetricsRegistry } from '../registry.ts';

/** Observations of one label set: how many fell below each bound (each value in one slot only), and their sum. */
export interface SeriesBuckets {
  readonly counts: number[];
  sum: number;
  count: number;
}

/** Nothing observed yet; one slot for each bound. */
export function createSeriesBuckets(bounds: readonly number[]): SeriesBuckets {
  return { counts: new Array<number>(bounds.length).fill(0), sum: 0, count: 0 };
}

/** Bounds rise; what is above all of them is in the count alone. */
export function observe(buckets: SeriesBuckets, bounds: readonly number[], value: number): void {
  buckets.sum += value;
  buckets.count += 1;
  for (let index = 0; index < bounds.length; index++) {
    if (value > (bounds[index] ?? 0)) continue;
    buckets.counts[index] = (buckets.counts[index] ?? 0) + 1;
    return;
  }
}

/** Of several with the same bounds. */
export function sumOfBuckets(all: readonly SeriesBuckets[], bounds: readonly number[]): SeriesBuckets {
  const [only] = all;
  if (only !== undefined && all.length === 1) return only;
  const sum = createSeriesBuckets(bounds);
  for (const { counts, sum: total, count } of all) {
    for (const [index, value] of counts.entries()) sum.counts[index] = (sum.counts[index] ?? 0) + value;
    sum.sum += total;
    sum.count += count;
  }
  return sum;
}

/** One label set with its observations. */
export interface HistogramSeries {
  readonly labels: Record<string, string>;
  readonly buckets: SeriesBuckets;
}

/** A histogram whose values are kept by whoever observes, and only read at a scrape; see SeriesCounter. */
export class SeriesHistogram extends Histogram<string> {
  readonly #name: string;
  readonly #described: Omit<MetricObjectWithValues<MetricValueWithName<string>>, 'values'>;
  readonly #bounds: readonly number[];
  readonly #read: () => Iterable<HistogramSeries>;

  constructor(
    registry: MetricsRegistry,
    metric: MetricDescription,
    options: { readonly bounds: readonly number[]; readonly read: () => Iterable<HistogramSeries> },
  ) {
    super({ ...configOf(registry, metric), buckets: [...options.bounds] });
    this.#name = metric.name;
    this.#described = {
      name: metric.name,
      help: metric.help,
      // An enum that is in prom-client's types alone; this is its value at run time.
      type: 'histogram' as unknown as MetricType,
      aggregator: 'sum',
      collect: () => undefined,
    };
    this.#bounds = options.bounds;
    this.#read = options.read;
  }

  /** What prom-client renders histograms from, beside `get`; its types do not name it. */
  getForPromString(): Promise<MetricObjectWithValues<MetricValueWithName<string>>> {
    return this.get();
  }

  override async get(): Promise<MetricObjectWithValues<MetricValueWithName<string>>> {
    const values: MetricValueWithName<string>[] = [];
    for (const { labels, buckets } of this.#read()) {
      let below = 0;
      for (const [index, bound] of this.#bounds.entries()) {
        below += buckets.counts[index] ?? 0;
        values.push({ metricName: `${this.#name}_bucket`, labels: { ...labels, le: bound }, value: below });
      }
      values.push(
        { metricName: `${this.#name}_bucket`, labels: { ...labels, le: '+Inf' }, value: buckets.count },
        { metricName: `${this.#name}_sum`, labels, value: buckets.sum },
        { metricName: `${this.#name}_count`, labels, value: buckets.count },
      );
    }
    return { ...this.#described, values };
  }
}
