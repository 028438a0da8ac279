import { Counter, Gauge, Registry } from 'prom-client';
import type { MetricDescription } from './metric-table.ts';

/** Where metrics are kept and rendered from. One for each process; tests make their own. */
export type MetricsRegistry = Registry;

/** An empty registry; nothing of prom-client’s global one is used. */
export function createMetricsRegistry(): MetricsRegistry {
  return new Registry();
}

type Described<Type, L extends readonly string[]> = MetricDescription & {
  readonly type: Type;
  readonly labels: L;
};

/** `collect` is run before each scrape. */
export function makeCounter<const L extends readonly string[]>(
  registry: MetricsRegistry,
  metric: Described<'counter', L>,
  collect?: (self: Counter<L[number]>) => void,
): Counter<L[number]> {
  return new Counter<L[number]>({ ...configOf(registry, metric), ...collectorOf(collect) });
}

/** `collect` is run before each scrape. */
export function makeGauge<const L extends readonly string[]>(
  registry: MetricsRegistry,
  metric: Described<'gauge', L>,
  collect?: (self: Gauge<L[number]>) => void,
): Gauge<L[number]> {
  return new Gauge<L[number]>({ ...configOf(registry, metric), ...collectorOf(collect) });
}

/** A description as prom-client wants it. */
export function configOf<L extends readonly string[]>(
  registry: MetricsRegistry,
  metric: MetricDescription & { readonly labels: L },
): { name: string; help: string; labelNames: L[number][]; registers: [Registry] } {
  return { name: metric.name, help: metric.help, labelNames: [...metric.labels], registers: [registry] };
}

function collectorOf<T>(collect: ((self: T) => void) | undefined): { collect?: (this: T) => void } {
  if (collect === undefined) return {};
  return {
    collect() {
      collect(this);
    },
  };
}
