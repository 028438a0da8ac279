import { type Problems, parsed } from '../options/problems.ts';

/** What a proxy tells of what it does, and whom. */
export interface TelemetryConfig {
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
}

/** The options of it as they were written on the command line. */
export interface TelemetryOptions {
  readonly traceSampling?: string | undefined;
  readonly otlpEndpoint?: string | undefined;
  readonly otlpProtocol?: string | undefined;
  readonly otlpHeadersFile?: string | undefined;
}

/** What each is when it is not given. */
export const TELEMETRY_DEFAULTS = {
  traceSampling: '1%',
  otlpEndpoint: '',
  otlpProtocol: 'grpc',
  otlpHeadersFile: '',
} as const satisfies TelemetryOptions;

/** Notes each that is no good. */
export function telemetryConfig(problems: Problems, given: TelemetryOptions): TelemetryConfig {
  const protocol = parsed(
    problems,
    {
      flag: '--otlp-protocol',
      expected: 'grpc or http',
      value: given.otlpProtocol ?? TELEMETRY_DEFAULTS.otlpProtocol,
    },
    (text) => (text === 'grpc' || text === 'http' ? text : undefined),
    'grpc',
  );
  const samplingRatio = parsed(
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
  if (endpoint === '') return { samplingRatio, otlp: undefined };
  const headersFile = given.otlpHeadersFile === '' ? undefined : given.otlpHeadersFile;
  const option = {
    flag: '--otlp-endpoint',
    expected: 'a URL such as http://collector.observability:4317',
    value: endpoint,
  };
  return {
    samplingRatio,
    otlp: { endpoint: parsed(problems, option, parseEndpoint, ''), protocol, headersFile },
  };
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
