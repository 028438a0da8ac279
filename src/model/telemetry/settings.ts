import type { AccessLogSettings } from './access-log.ts';
import type { MetricSettings } from './metrics.ts';
import type { TracingSettings } from './tracing.ts';

/**
 * What a proxy tells of what it carries, where Telemetry objects or MeshConfig say so: everything that holds is in it already, the
 * wider overridden by the narrower.
 */
export interface TelemetrySettings {
  /** Undefined: the access log that the proxy's flags say. Empty: none. */
  readonly accessLogs: readonly AccessLogSettings[] | undefined;
  readonly tracing: TracingSettings;
  /** At most one for each metric; those that are not in it are as they always are. */
  readonly metrics: readonly MetricSettings[];
}

/** Of a pod: of connections that it opens, and of those that are opened to it. */
export interface PodTelemetry {
  readonly client: TelemetrySettings;
  readonly server: TelemetrySettings;
}

/** Nothing was said: the proxy's flags hold alone. */
export const NO_TELEMETRY: TelemetrySettings = {
  accessLogs: undefined,
  tracing: { ratio: undefined, isReported: true, collector: undefined, tags: [] },
  metrics: [],
};
