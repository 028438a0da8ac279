import { METRICS } from './metric-table.ts';
import { makeCounter, makeGauge, type MetricsRegistry } from './registry.ts';
import { createSeriesBuckets, observe, SeriesHistogram } from './series/series-histogram.ts';

/** What happens to the tunnels that a proxy opens. */
export interface TunnelMetrics {
  /** TCP and TLS are through; returns what to call when the tunnel is over, once. */
  opened(tookMs: number): () => void;
  /** `reason` is an error code. */
  failed(reason: string): void;
}

/** Registers its metrics. Once for each registry. */
export function createTunnelMetrics(registry: MetricsRegistry): TunnelMetrics {
  const handshakes = createSeriesBuckets(HANDSHAKE_BOUNDS_SECONDS);
  const failures = makeCounter(registry, METRICS.tunnelHandshakeFailures);
  let open = 0;
  new SeriesHistogram(registry, METRICS.tunnelHandshake, {
    bounds: HANDSHAKE_BOUNDS_SECONDS,
    read: () => [{ labels: {}, buckets: handshakes }],
  });
  makeGauge(registry, METRICS.tunnelSessions, (self) => self.set(open));
  return {
    opened(tookMs) {
      observe(handshakes, HANDSHAKE_BOUNDS_SECONDS, tookMs / 1000);
      open += 1;
      return () => {
        open -= 1;
      };
    },
    failed: (reason) => failures.inc({ reason }),
  };
}

const HANDSHAKE_BOUNDS_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10];
