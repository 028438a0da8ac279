import { type AccessRulesSource, compileAccessRules } from '../../telemetry/index.ts';
import { type Problems, parseOrNote } from '../options/problems.ts';

/** What a proxy tells of what it does, and whom. */
export interface TelemetryConfig {
  /** Of which connections and requests: `failures` leaves out all that went well. */
  readonly told: 'all' | 'failures';
  /** Of traces that nobody has decided about: 0 to 1. */
  readonly samplingRatio: number;
  /** Undefined: nothing is exported. */
  readonly otlp:
    | {
        readonly endpoint: string;
        readonly protocol: 'grpc' | 'http';
        /** Lines `name: value`, read at the start. Undefined: none. */
        readonly headersFile: string | undefined;
      }
    | undefined;
  readonly accessLog: AccessLogConfig;
}

/** Where the access log goes, which records, and with what beside what is always there. */
export interface AccessLogConfig extends AccessRulesSource {
  /** `log`: the process's own log. `otlp`: the collector. None: there is no access log. */
  readonly outputs: readonly ('log' | 'otlp')[];
}

/** The options of it as they were written on the command line. */
export interface TelemetryOptions {
  readonly telemetry?: string | undefined;
  readonly traceSampling?: string | undefined;
  readonly otlpEndpoint?: string | undefined;
  readonly otlpProtocol?: string | undefined;
  readonly otlpHeadersFile?: string | undefined;
  readonly accessLog?: string | undefined;
  readonly accessLogFilter?: readonly string[] | undefined;
  /** Each `name=expression`. */
  readonly accessLogField?: readonly string[] | undefined;
}

/** What each is when it is not given. */
export const TELEMETRY_DEFAULTS = {
  telemetry: 'all',
  traceSampling: '1%',
  otlpEndpoint: '',
  otlpProtocol: 'grpc',
  otlpHeadersFile: '',
  accessLog: 'log',
  accessLogFilter: [],
  accessLogField: [],
} as const satisfies TelemetryOptions;

/** Notes each that is no good. */
export function telemetryConfig(problems: Problems, given: TelemetryOptions): TelemetryConfig {
  const accessLog = accessLogConfig(problems, given);
  const told = parseOrNote(
    problems,
    {
      flag: '--telemetry',
      expected: 'all or failures',
      value: given.telemetry ?? TELEMETRY_DEFAULTS.telemetry,
    },
    (text) => (text === 'all' || text === 'failures' ? text : undefined),
    'all',
  );
  const protocol = parseOrNote(
    problems,
    {
      flag: '--otlp-protocol',
      expected: 'grpc or http',
      value: given.otlpProtocol ?? TELEMETRY_DEFAULTS.otlpProtocol,
    },
    (text) => (text === 'grpc' || text === 'http' ? text : undefined),
    'grpc',
  );
  const samplingRatio = parseOrNote(
    problems,
    {
      flag: '--trace-sampling',
      expected: 'a part such as 1% or 0.01',
      value: given.traceSampling ?? TELEMETRY_DEFAULTS.traceSampling,
    },
    parseRatio,
    0,
  );
  const endpoint = given.otlpEndpoint ?? '';
  if (endpoint === '') return { told, samplingRatio, accessLog, otlp: undefined };
  const headersFile = given.otlpHeadersFile === '' ? undefined : given.otlpHeadersFile;
  const option = {
    flag: '--otlp-endpoint',
    expected: 'a URL such as http://collector.observability:4317',
    value: endpoint,
  };
  return {
    told,
    samplingRatio,
    accessLog,
    otlp: { endpoint: parseOrNote(problems, option, parseEndpoint, ''), protocol, headersFile },
  };
}

function accessLogConfig(problems: Problems, given: TelemetryOptions): AccessLogConfig {
  const outputs = parseOrNote(
    problems,
    {
      flag: '--access-log',
      expected: 'log, otlp, log,otlp or none',
      value: given.accessLog ?? TELEMETRY_DEFAULTS.accessLog,
    },
    parseOutputs,
    [],
  );
  if (outputs.includes('otlp') && (given.otlpEndpoint ?? '') === '')
    problems.add('--otlp-endpoint', 'a collector, because --access-log names otlp', given.otlpEndpoint);
  const source = {
    filters: given.accessLogFilter ?? [],
    fields: (given.accessLogField ?? []).map((text) => {
      const [, name = '', expression = ''] = FIELD.exec(text) ?? [];
      if (name === '') problems.add('--access-log-field', 'name=expression', text);
      return [name, expression] as const;
    }),
  };
  const compiled = compileAccessRules(source);
  for (const problem of 'problems' in compiled ? compiled.problems : [])
    problems.add('--access-log-filter, --access-log-field', 'an expression of CEL', problem);
  return { outputs, ...source };
}

function parseOutputs(text: string): AccessLogConfig['outputs'] | undefined {
  if (text === 'none') return [];
  const outputs = (['log', 'otlp'] as const).filter((output) => text.split(',').includes(output));
  return outputs.join(',') === text ? outputs : undefined;
}

/** `1%`, `0.5%`, `0.01`: from 0 to 1. */
function parseRatio(text: string): number | undefined {
  const match = /^(\d{1,3}(?:\.\d{1,9})?)(%)?$/.exec(text);
  if (match === null) return undefined;
  const ratio = Number(match[1]) / (match[2] === undefined ? 1 : 100);
  return ratio <= 1 ? ratio : undefined;
}

function parseEndpoint(text: string): string | undefined {
  const url = URL.parse(text);
  return url !== null && (url.protocol === 'http:' || url.protocol === 'https:') ? text : undefined;
}

const FIELD = /^([A-Za-z][A-Za-z0-9_.-]{0,63})=([\s\S]+)$/;
