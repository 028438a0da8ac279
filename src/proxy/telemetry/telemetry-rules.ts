import type { Clock } from '../../base/index.ts';
import {
  type AccessLogSettings,
  NO_TELEMETRY,
  type TelemetrySettings,
  type TracingSettings,
} from '../../model/index.ts';
import {
  type AccessOutput,
  type AccessRules,
  type AccessRulesSource,
  type AccessSink,
  compileAccessRules,
  compileMetricRules,
  lineSink,
  logOutput,
  type MeshLogger,
  type MetricRules,
  outputSink,
  type SpanSink,
  type TraceRules,
} from '../../telemetry/index.ts';
import type { Collectors } from './collectors.ts';

/** What is told of some traffic, ready to be followed. Undefined parts are as the process's flags say. */
export interface TelemetryRules {
  readonly accessLogs: readonly AccessSink[] | undefined;
  readonly tracing: TraceRules | undefined;
  readonly metrics: MetricRules | undefined;
}

/** Of settings, what they come to. Settings that say the same have the same rules. */
export type RulesOf = (settings: TelemetrySettings | undefined) => TelemetryRules;

/** What rules are made from, and what holds where the mesh says nothing. */
export interface TelemetryRulesDeps {
  readonly collectors: Pick<Collectors, 'spans' | 'logs'>;
  /** What the flags say. */
  readonly flags: {
    readonly ratio: number;
    readonly output: AccessOutput;
    readonly accessLog: AccessRulesSource;
    /** Where spans go beside collectors that objects name. */
    readonly localSinks: readonly SpanSink[];
    /** Where they go where no object names a collector. */
    readonly allSinks: readonly SpanSink[];
  };
  readonly log: MeshLogger;
  /** Takes whole lines of the log. */
  readonly lines: { write(line: string): unknown };
  readonly clock: Clock;
}

/** Rules are kept for a bounded number of settings; what falls out is made anew. */
export function createTelemetryRules(deps: TelemetryRulesDeps): RulesOf {
  const bySettings = new WeakMap<TelemetrySettings, TelemetryRules>();
  /** Each pod has settings of its own, most of which say the same. */
  const byText = new Map<string, TelemetryRules>();

  function compiled(settings: TelemetrySettings): TelemetryRules {
    const text = JSON.stringify(settings);
    const known = byText.get(text);
    if (known !== undefined) return known;
    const [oldest] = byText.keys();
    if (byText.size >= MOST_KEPT && oldest !== undefined) byText.delete(oldest);
    const made = compile(settings, deps);
    byText.set(text, made);
    return made;
  }

  return (settings) => {
    if (settings === undefined || settings === NO_TELEMETRY) return AS_FLAGS;
    const known = bySettings.get(settings);
    if (known !== undefined) return known;
    const rules = compiled(settings);
    bySettings.set(settings, rules);
    return rules;
  };
}

function compile(settings: TelemetrySettings, deps: TelemetryRulesDeps): TelemetryRules {
  return {
    accessLogs: settings.accessLogs?.flatMap((one) => sinkOf(one, deps) ?? []),
    tracing: traceRules(settings.tracing, deps),
    metrics: compileMetricRules(settings.metrics),
  };
}

function sinkOf(
  { destination, filter }: AccessLogSettings,
  deps: TelemetryRulesDeps,
): AccessSink | undefined {
  const { flags, collectors, log } = deps;
  const { filters, fields } = flags.accessLog;
  const rules = rulesOf({ filters: filter === '' ? filters : [...filters, filter], fields }, log);
  if (rules === undefined) return undefined;
  switch (destination.kind) {
    case 'own':
      return outputSink(flags.output, rules);
    case 'otlp':
      return outputSink(collectors.logs(destination.collector), rules);
    case 'log': {
      const output = logOutput(log);
      const { format } = destination;
      return format === undefined
        ? outputSink(output, rules)
        : lineSink({ format, rules, isEnabled: output.isEnabled, stream: deps.lines, clock: deps.clock });
    }
  }
}

/** The controller has checked them; one that only a newer one understands keeps its log silent. */
function rulesOf(source: AccessRulesSource, log: MeshLogger): AccessRules | undefined {
  const compiled = compileAccessRules(source);
  if ('rules' in compiled) return compiled.rules;
  log.warn('an access log is not written, because its filter is not understood', {
    problems: compiled.problems.join('; '),
  });
  return undefined;
}

function traceRules(
  { ratio, isReported, collector, tags }: TracingSettings,
  { flags, collectors }: TelemetryRulesDeps,
): TraceRules | undefined {
  if (ratio === undefined && isReported && collector === undefined && tags.length === 0) return undefined;
  const reported =
    collector === undefined ? flags.allSinks : [...flags.localSinks, collectors.spans(collector)];
  return { ratio: ratio ?? flags.ratio, sinks: isReported ? reported : [], tags };
}

const AS_FLAGS: TelemetryRules = { accessLogs: undefined, tracing: undefined, metrics: undefined };
/** Of settings that differ. */
const MOST_KEPT = 512;
