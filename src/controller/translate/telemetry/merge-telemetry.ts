import type { TelemetrySettings } from '../../../model/index.ts';
import type { TelemetryObject, WorkloadMode } from '../../objects/index.ts';
import { accessLogsOf, applyAccessLogging } from './access-logs.ts';
import type { MeshTelemetry } from './mesh-telemetry.ts';
import { applyMetrics, type MetricsState, metricSettingsOf } from './metrics.ts';
import { applyTracing } from './tracing.ts';

/** What holds for one side of a workload's traffic: `objects` from the widest to the narrowest. */
export function mergeTelemetry(
  objects: readonly TelemetryObject[],
  mode: 'CLIENT' | 'SERVER',
  mesh: MeshTelemetry,
): TelemetrySettings {
  const { providers } = mesh;
  const holds = (entry: { readonly mode: WorkloadMode }): boolean =>
    entry.mode === mode || entry.mode === 'CLIENT_AND_SERVER';
  let { accessLogs, tracing } = mesh;
  let metrics: MetricsState = new Map();
  for (const object of objects) {
    accessLogs = applyAccessLogging(accessLogs, object.accessLogging.filter(holds), providers);
    tracing = applyTracing(tracing, object.tracing.filter(holds), providers);
    const overrides = object.metrics.flatMap((entry) =>
      entry.overrides.filter(holds).map((override) => ({ entry, override })),
    );
    metrics = applyMetrics(metrics, overrides, providers);
  }
  return { accessLogs: accessLogsOf(accessLogs, providers), tracing, metrics: metricSettingsOf(metrics) };
}
