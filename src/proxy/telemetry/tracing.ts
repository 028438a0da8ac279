import type { Clock, Closable, Logger } from '../../base/index.ts';
import {
  createSpanExport,
  createTracer,
  type ExportCounts,
  type OtlpExport,
  type OtlpResource,
  readHeadersFile,
  type EndedSpan,
  type SpanSink,
  type Tracer,
} from '../../telemetry/index.ts';
import type { TelemetryConfig } from './telemetry-config.ts';

/** A proxy's tracer, and what it exports. `close` sends what waits. */
export interface Tracing extends Closable {
  readonly tracer: Tracer;
  /** What has become of what was to be exported; empty without a collector. */
  readonly exported: readonly (readonly [signal: 'spans' | 'logs', counts: ExportCounts])[];
}

export interface TracingDeps {
  readonly resource: OtlpResource;
  /** Where spans go beside the collector. */
  readonly sinks: readonly SpanSink[];
  readonly clock: Clock;
  readonly log: Logger;
}

/** Throws ERR_TELEMETRY_HEADERS_FILE. */
export function createTracing(config: TelemetryConfig, deps: TracingDeps): Tracing {
  const spans = config.otlp === undefined ? undefined : openExport(config.otlp, deps);
  const sinks = spans === undefined ? deps.sinks : [...deps.sinks, { span: spans.add }];
  return {
    tracer: createTracer({ ratio: config.samplingRatio, sinks }),
    exported: spans === undefined ? [] : [['spans', spans.counts]],
    async close() {
      await spans?.close();
    },
    destroy(cause) {
      spans?.destroy(cause);
    },
  };
}

function openExport(
  { endpoint, protocol, headersFile }: NonNullable<TelemetryConfig['otlp']>,
  { resource, clock, log }: TracingDeps,
): OtlpExport<EndedSpan> {
  const headers = headersFile === undefined ? {} : readHeadersFile(headersFile);
  return createSpanExport({ config: { endpoint, protocol, headers }, resource, clock, log });
}
