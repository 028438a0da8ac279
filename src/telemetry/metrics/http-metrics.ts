import { type Clock, systemClock } from '../../base/index.ts';
import type { TelemetryMetric } from '../../model/index.ts';
import { exposed, type RuledSeries } from './metric-rules.ts';
import { METRICS } from './metric-table.ts';
import { makeCounter, type MetricsRegistry } from './registry.ts';
import { type AgingSeries, dropOldest, dropUnused, SERIES_IDLE_MS } from './series/series-aging.ts';
import { SeriesCounter } from './series/series-counter.ts';
import {
  createSeriesBuckets,
  observe,
  type SeriesBuckets,
  SeriesHistogram,
  sumOfBuckets,
} from './series/series-histogram.ts';
import { type Traffic, trafficKey, trafficLabels } from './series/traffic-series.ts';

/** One request that is over. */
export interface CountedRequest {
  readonly traffic: Traffic;
  readonly protocol: 'http' | 'grpc';
  readonly status: number;
  readonly grpcStatus: number | undefined;
  readonly durationMs: number;
  readonly requestBytes: number;
  readonly responseBytes: number;
}

/** Istio's L7 metrics, which Kiali and existing dashboards know (wire.md §5.1). */
export interface HttpMetrics {
  ended(request: CountedRequest): void;
}

/** Counts nothing. */
export const NO_HTTP_METRICS: HttpMetrics = { ended: () => undefined };

/** Where the metrics go, and how many label sets they may have. */
export interface HttpMetricsOptions {
  readonly registry: MetricsRegistry;
  /**
   * Label sets held at most. Beyond that those unused for longest are dropped, as a restart would. Default 5,000.
   */
  readonly maximumSeries?: number | undefined;
  /** Label sets are dropped after this without requests. Default 15 minutes. */
  readonly idleMs?: number | undefined;
  /** Default: the system's. */
  readonly clock?: Clock | undefined;
}

interface Series extends AgingSeries, RuledSeries {
  requests: number;
  readonly durations: SeriesBuckets;
  readonly requestBytes: SeriesBuckets;
  readonly responseBytes: SeriesBuckets;
}

/** Registers them all. Once for each registry. */
export function createHttpMetrics(options: HttpMetricsOptions): HttpMetrics {
  const { registry, maximumSeries = DEFAULT_MAXIMUM_SERIES } = options;
  const { idleMs = SERIES_IDLE_MS, clock = systemClock } = options;
  const series = new Map<string, Series>();
  const dropped = makeCounter(registry, METRICS.requestSeriesDropped);

  new SeriesCounter(registry, METRICS.requests, () => {
    dropUnused(series, clock.monotonic() - idleMs);
    return exposed(series.values(), 'REQUEST_COUNT').map(({ labels, members }) => ({
      value: members.reduce((sum, { requests }) => sum + requests, 0),
      labels,
      sharedLabels: labels,
    }));
  });
  const histogram = (
    metric: (typeof METRICS)[keyof typeof METRICS],
    bounds: readonly number[],
    pick: (one: Series) => SeriesBuckets,
    name: TelemetryMetric,
  ): void => {
    new SeriesHistogram(registry, metric, {
      bounds,
      read: () =>
        exposed(series.values(), name).map(({ labels, members }) => ({
          labels,
          buckets: sumOfBuckets(members.map(pick), bounds),
        })),
    });
  };
  histogram(METRICS.requestDuration, DURATION_BOUNDS_MS, ({ durations }) => durations, 'REQUEST_DURATION');
  histogram(METRICS.requestBytes, SIZE_BOUNDS, ({ requestBytes }) => requestBytes, 'REQUEST_SIZE');
  histogram(METRICS.responseBytes, SIZE_BOUNDS, ({ responseBytes }) => responseBytes, 'RESPONSE_SIZE');

  const make = (request: CountedRequest, traffic: Traffic): Series => ({
    labels: {
      ...trafficLabels(traffic),
      request_protocol: request.protocol,
      response_code: String(request.status),
      grpc_response_status: request.grpcStatus === undefined ? '' : String(request.grpcStatus),
    },
    rules: traffic.rules,
    lastUseMs: 0,
    requests: 0,
    durations: createSeriesBuckets(DURATION_BOUNDS_MS),
    requestBytes: createSeriesBuckets(SIZE_BOUNDS),
    responseBytes: createSeriesBuckets(SIZE_BOUNDS),
  });

  return {
    ended(request) {
      const { traffic, protocol, status, grpcStatus } = request;
      const key = trafficKey(traffic, `${protocol} ${status} ${grpcStatus ?? ''}`);
      let one = series.get(key);
      if (one === undefined) {
        if (series.size >= maximumSeries) dropped.inc(dropOldest(series, maximumSeries));
        one = make(request, traffic);
        series.set(key, one);
      }
      one.lastUseMs = clock.monotonic();
      one.requests += 1;
      observe(one.durations, DURATION_BOUNDS_MS, request.durationMs);
      observe(one.requestBytes, SIZE_BOUNDS, request.requestBytes);
      observe(one.responseBytes, SIZE_BOUNDS, request.responseBytes);
    },
  };
}

const DEFAULT_MAXIMUM_SERIES = 5_000;
/** Those of Envoy's defaults that dashboards ask for. */
const DURATION_BOUNDS_MS = [0.5, 1, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000];
const SIZE_BOUNDS = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000];
