import { METRICS, type MetricsRegistry, makeCounter, makeGauge } from '../../telemetry/index.ts';
import type { BackendDump } from './endpoint-dump.ts';
import type { OverflowReason } from './limits/request-gate.ts';
import type { EjectionReason } from './outliers/endpoint-health.ts';
import { type BackendName, NO_UPSTREAM_EVENTS, type UpstreamEvents } from './upstream-events.ts';

/** Registers the `nodemesh_upstream_*` metrics, once for each registry; `dump` is asked at each scrape. */
export function createUpstreamMetrics(
  registry: MetricsRegistry,
  dump: () => readonly BackendDump[],
): UpstreamEvents {
  const ejections = makeCounter(registry, METRICS.upstreamEjections);
  const connectFailures = makeCounter(registry, METRICS.upstreamConnectFailures);
  const overflows = makeCounter(registry, METRICS.upstreamOverflows);
  const gauge = (
    metric:
      | typeof METRICS.upstreamConnections
      | typeof METRICS.upstreamActiveRequests
      | typeof METRICS.upstreamPendingRequests,
    read: (backend: BackendDump) => number,
  ): void => {
    makeGauge(registry, metric, (self) => {
      self.reset();
      for (const backend of dump()) self.inc({ backend: labelOf(backend.backend) }, read(backend));
    });
  };
  gauge(METRICS.upstreamConnections, ({ connections }) => connections);
  gauge(METRICS.upstreamActiveRequests, ({ activeRequests }) => activeRequests);
  gauge(METRICS.upstreamPendingRequests, ({ pendingRequests }) => pendingRequests);
  makeGauge(registry, METRICS.upstreamEndpoints, (self) => {
    self.reset();
    for (const { backend, endpoints } of dump())
      for (const { health } of endpoints) self.inc({ backend: labelOf(backend), health });
  });
  return {
    ...NO_UPSTREAM_EVENTS,
    ejected: ({ backend, reason }) =>
      ejections.inc({ backend: labelOf(backend), reason, outcome: 'ejected' }),
    spared: ({ backend, reason }) => ejections.inc({ backend: labelOf(backend), reason, outcome: 'spared' }),
    connectFailed: ({ backend }) => connectFailures.inc({ backend: labelOf(backend) }),
    overflowed: ({ backend, reason }) => overflows.inc({ backend: labelOf(backend), reason }),
    dropped({ backend: name }) {
      const backend = labelOf(name);
      // Pods share a series, which stays.
      if (backend === PODS) return;
      for (const reason of EJECTION_REASONS)
        for (const outcome of ['ejected', 'spared']) ejections.remove({ backend, reason, outcome });
      for (const reason of OVERFLOW_REASONS) overflows.remove({ backend, reason });
      connectFailures.remove({ backend });
    },
  };
}

/** Clients choose which ports of which pods they dial: they must not be able to make a series of each. */
function labelOf(backend: BackendName): string {
  return backend.startsWith('pod ') ? PODS : backend;
}

const PODS = 'pods';
const EJECTION_REASONS: readonly EjectionReason[] = [
  'consecutive-5xx-errors',
  'consecutive-gateway-errors',
  'failure-ratio',
  'rate-limited',
];
const OVERFLOW_REASONS: readonly OverflowReason[] = [
  'connections',
  'pending-requests',
  'pending-time',
  'active-retries',
];
