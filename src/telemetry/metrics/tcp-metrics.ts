import { type Clock, systemClock } from '../../base/index.ts';
import type { TelemetryMetric } from '../../model/index.ts';
import { exposed, type RuledSeries } from './metric-rules.ts';
import { METRICS } from './metric-table.ts';
import { makeCounter, makeGauge, type MetricsRegistry } from './registry.ts';
import { type AgingSeries, dropOldest, dropUnused, SERIES_IDLE_MS } from './series/series-aging.ts';
import { SeriesCounter } from './series/series-counter.ts';
import { anonymous, type Traffic, trafficKey, trafficLabels } from './series/traffic-series.ts';

/** Bytes of a connection so far, as the client counts: sent to it, received from it. */
export interface TrafficBytes {
  readonly sentBytes: number;
  readonly receivedBytes: number;
}

/** One open connection. */
export interface CountedConnection {
  /** Counts the end with the final bytes. Only the first call counts. */
  close(bytes: TrafficBytes): void;
}

/** The `istio_tcp_*` metrics. */
export interface TcpMetrics {
  /** `meter` is read at scrapes, so that the bytes of a connection that lives for hours show while it does. */
  opened(traffic: Traffic, meter?: () => TrafficBytes): CountedConnection;
  /** A connection that never opened. */
  failed(traffic: Traffic): void;
}

/** Where to register, and how much may be held. */
export interface TcpMetricsOptions {
  readonly registry: MetricsRegistry;
  /**
   * Label sets held at most. Then those unused for longest and without open connections are dropped, as a restart
   * would; if all are in use, further ones are counted under unknown labels. Default 10,000.
   */
  readonly maximumSeries?: number | undefined;
  /** Label sets without open connections are dropped after this. Default 15 minutes. */
  readonly idleMs?: number | undefined;
  /** Default: the system's. */
  readonly clock?: Clock | undefined;
}

interface Series extends AgingSeries, RuledSeries {
  live: number;
  opened: number;
  closed: number;
  failed: number;
  sent: number;
  received: number;
}

interface Meter {
  readonly series: Series;
  readonly read: () => TrafficBytes;
  countedSent: number;
  countedReceived: number;
}

const DEFAULT_MAXIMUM_SERIES = 10_000;

/** Registers them all. Once for each registry. */
export function createTcpMetrics(options: TcpMetricsOptions): TcpMetrics {
  const { registry, idleMs = SERIES_IDLE_MS, clock = systemClock } = options;
  const maximumSeries = options.maximumSeries ?? DEFAULT_MAXIMUM_SERIES;
  const bySeriesKey = new Map<string, Series>();
  const meters = new Set<Meter>();
  const open = { source: 0, destination: 0, waypoint: 0 };
  const lost = makeCounter(registry, METRICS.trafficSeriesLost);

  /** Without room for a label set of its own, a connection is counted under one that says next to nothing. */
  const seriesOf = (traffic: Traffic): Series => {
    const known = bySeriesKey.get(trafficKey(traffic));
    if (known !== undefined) return used(known);
    if (bySeriesKey.size >= maximumSeries) dropOldest(bySeriesKey, maximumSeries, isLive);
    const full = bySeriesKey.size >= maximumSeries;
    if (full) lost.inc();
    const counted = full ? anonymous(traffic) : traffic;
    const key = trafficKey(counted);
    const series = bySeriesKey.get(key) ?? makeSeries(counted);
    bySeriesKey.set(key, series);
    return used(series);
  };

  const used = (series: Series): Series => {
    series.lastUseMs = clock.monotonic();
    return series;
  };

  const measure = (meter: Meter, bytes: TrafficBytes): void => {
    meter.series.sent += Math.max(0, bytes.sentBytes - meter.countedSent);
    meter.series.received += Math.max(0, bytes.receivedBytes - meter.countedReceived);
    meter.countedSent = Math.max(meter.countedSent, bytes.sentBytes);
    meter.countedReceived = Math.max(meter.countedReceived, bytes.receivedBytes);
  };

  const read = (metric: TelemetryMetric | undefined, value: (series: Series) => number) => () =>
    exposed(bySeriesKey.values(), metric).map(({ labels, members }) => ({
      value: members.reduce((sum, series) => sum + value(series), 0),
      labels,
      sharedLabels: labels,
    }));
  const readMeasured = (metric: TelemetryMetric, value: (series: Series) => number) => () => {
    for (const meter of meters) measure(meter, meter.read());
    return read(metric, value)();
  };
  new SeriesCounter(registry, METRICS.tcpConnectionsOpened, () => {
    dropUnused(bySeriesKey, clock.monotonic() - idleMs, isLive);
    return read('TCP_OPENED_CONNECTIONS', (series) => series.opened)();
  });
  new SeriesCounter(
    registry,
    METRICS.tcpConnectionsClosed,
    read('TCP_CLOSED_CONNECTIONS', (series) => series.closed),
  );
  new SeriesCounter(
    registry,
    METRICS.tcpConnectionsFailed,
    read(undefined, (series) => series.failed),
  );
  new SeriesCounter(
    registry,
    METRICS.tcpSentBytes,
    readMeasured('TCP_SENT_BYTES', (series) => series.sent),
  );
  new SeriesCounter(
    registry,
    METRICS.tcpReceivedBytes,
    readMeasured('TCP_RECEIVED_BYTES', (series) => series.received),
  );
  makeGauge(registry, METRICS.trafficSeries, (self) => self.set(bySeriesKey.size));
  makeGauge(registry, METRICS.tcpSocketsOpen, (self) => {
    self.set({ reporter: 'source' }, open.source);
    self.set({ reporter: 'destination' }, open.destination);
    self.set({ reporter: 'waypoint' }, open.waypoint);
  });

  return {
    opened(traffic, meterReader) {
      const series = seriesOf(traffic);
      const { reporter } = traffic;
      series.opened++;
      series.live++;
      open[reporter]++;
      const meter: Meter = {
        series,
        read: meterReader ?? (() => ({ sentBytes: 0, receivedBytes: 0 })),
        countedSent: 0,
        countedReceived: 0,
      };
      if (meterReader !== undefined) meters.add(meter);
      let closed = false;
      return {
        close(bytes) {
          if (closed) return;
          closed = true;
          meters.delete(meter);
          measure(meter, bytes);
          series.closed++;
          used(series).live--;
          open[reporter]--;
        },
      };
    },
    failed(traffic) {
      seriesOf(traffic).failed++;
    },
  };
}

function makeSeries(traffic: Traffic): Series {
  const labels = trafficLabels(traffic);
  const { rules } = traffic;
  return { labels, rules, lastUseMs: 0, live: 0, opened: 0, closed: 0, failed: 0, sent: 0, received: 0 };
}

function isLive({ live }: Series): boolean {
  return live > 0;
}
