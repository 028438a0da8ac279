export type { AccessLoggingObject } from './access-logging.ts';
export type { MetricsObject, MetricsOverrideObject } from './metrics.ts';
export { parseTelemetry, type TelemetryObject } from './telemetry.ts';
export { type CustomTagObject, parsePercentage, type TracingObject } from './tracing.ts';
export type { WorkloadMode } from './workload-mode.ts';
