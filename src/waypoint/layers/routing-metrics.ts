import { METRICS, type MetricsRegistry, makeCounter } from '../../telemetry/index.ts';
import type { RetryOutcome } from './resilience/retry.ts';
import type { MirrorResult } from './routing/mirror/mirror.ts';

/** What the layers of routing and resilience count. */
export interface RoutingMetrics {
  readonly onRetry: (outcome: RetryOutcome) => void;
  readonly onCopy: (result: MirrorResult) => void;
}

/** Registers both metrics. Once for each registry. */
export function createRoutingMetrics(registry: MetricsRegistry): RoutingMetrics {
  const retries = makeCounter(registry, METRICS.retries);
  const copies = makeCounter(registry, METRICS.mirroredRequests);
  return {
    onRetry: (outcome) => retries.inc({ outcome }),
    onCopy: (result) => copies.inc({ result }),
  };
}
