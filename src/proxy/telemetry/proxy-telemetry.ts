import type { Clock, Closable } from '../../base/index.ts';
import {
  type AccessOutput,
  type AccessRules,
  ALL_RECORDS,
  allOutputs,
  compileAccessRules,
  createLogExport,
  createSpanExport,
  createTracer,
  type ExportCounts,
  exportOutput,
  logOutput,
  type MeshLogger,
  type OtlpExportOptions,
  type OtlpResource,
  readHeadersFile,
  type SpanSink,
  type Tracer,
} from '../../telemetry/index.ts';
import { createCollectors } from './collectors.ts';
import { failuresOutput } from './failures-alone.ts';
import type { TelemetryConfig } from './telemetry-config.ts';
import { createTelemetryRules, type RulesOf } from './telemetry-rules.ts';

/** What a proxy traces and logs with. `close` sends what still waits for the collector. */
export interface ProxyTelemetry extends Closable {
  readonly tracer: Tracer;
  readonly accessOutput: AccessOutput;
  readonly accessRules: AccessRules;
  /** What holds for traffic of which objects say something. */
  readonly rulesOf: RulesOf;
  /** What has become of what was to be exported; empty without a collector. */
  readonly exported: readonly (readonly [signal: 'spans' | 'logs', counts: ExportCounts])[];
}

/** What telemetry needs of its process. */
export interface ProxyTelemetryDeps {
  readonly resource: OtlpResource;
  /** Where spans go beside the collector. */
  readonly sinks: readonly SpanSink[];
  readonly clock: Clock;
  readonly log: MeshLogger;
  /** Takes whole lines of the log. */
  readonly lines: { write(line: string): unknown };
}

/** Throws ERR_TELEMETRY_HEADERS_FILE. */
export function createProxyTelemetry(config: TelemetryConfig, deps: ProxyTelemetryDeps): ProxyTelemetry {
  const { clock, log } = deps;
  const { outputs } = config.accessLog;
  const exporting = exportOptions(config, deps);
  const spans = exporting === undefined ? undefined : createSpanExport(exporting);
  const lines = exporting === undefined || !outputs.includes('otlp') ? undefined : createLogExport(exporting);
  const collectors = createCollectors(deps);
  const exports = [spans, lines, collectors].filter((one) => one !== undefined);
  const sinks = spans === undefined ? deps.sinks : [...deps.sinks, { span: spans.add }];
  const output = allOutputs([
    ...(outputs.includes('log') ? [logOutput(log)] : []),
    ...(lines === undefined ? [] : [exportOutput(lines, clock)]),
  ]);
  const rulesOfObjects = createTelemetryRules({
    ...deps,
    collectors,
    flags: {
      ratio: config.samplingRatio,
      output,
      accessLog: config.accessLog,
      localSinks: deps.sinks,
      allSinks: sinks,
    },
  });
  return {
    tracer: createTracer({ ratio: config.told === 'all' ? config.samplingRatio : 0, sinks }),
    accessOutput: config.told === 'all' ? output : failuresOutput(output),
    accessRules: rulesOf(config.accessLog),
    // A proxy that is to tell of failures alone does not put together what objects want to know of the rest.
    rulesOf: config.told === 'all' ? rulesOfObjects : () => rulesOfObjects(undefined),
    get exported() {
      return [
        ...(spans === undefined ? [] : [['spans', spans.counts] as const]),
        ...(lines === undefined ? [] : [['logs', lines.counts] as const]),
        ...collectors.exported,
      ];
    },
    async close() {
      await Promise.all(exports.map((one) => one.close()));
    },
    destroy(cause) {
      for (const one of exports) one.destroy(cause);
    },
  };
}

function exportOptions(
  { otlp }: TelemetryConfig,
  { resource, clock, log }: ProxyTelemetryDeps,
): OtlpExportOptions | undefined {
  if (otlp === undefined) return undefined;
  const { endpoint, protocol, headersFile } = otlp;
  const headers = headersFile === undefined ? {} : readHeadersFile(headersFile);
  return { config: { endpoint, protocol, headers }, resource, clock, log };
}

/** The configuration was refused if they were none. */
function rulesOf(accessLog: TelemetryConfig['accessLog']): AccessRules {
  const compiled = compileAccessRules(accessLog);
  return 'rules' in compiled ? compiled.rules : ALL_RECORDS;
}
