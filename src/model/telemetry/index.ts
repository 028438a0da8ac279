export type {
  AccessLogDestination,
  AccessLogSettings,
  LineField,
  LineFormat,
  LinePiece,
} from './access-log.ts';
export type { TelemetryCollector } from './collector.ts';
export {
  type MetricLabelChange,
  type MetricSettings,
  TELEMETRY_METRICS,
  type TelemetryMetric,
} from './metrics.ts';
export { NO_TELEMETRY, type PodTelemetry, type TelemetrySettings } from './settings.ts';
export type { SpanTag, TracingSettings } from './tracing.ts';
