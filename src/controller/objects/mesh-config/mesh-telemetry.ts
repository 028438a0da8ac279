import { parsePercentage } from '../telemetry/index.ts';
import type { Field } from '../fields/index.ts';
import { flattened, type LogFormatObject } from './telemetry-provider.ts';

/** What MeshConfig says of traces, access logs and metrics where no Telemetry object does. */
export interface MeshTelemetryObject {
  /** Undefined: not said, here and below. Empty: there is to be no access log. */
  readonly accessLogFile: string | undefined;
  readonly accessLogFormat: LogFormatObject | undefined;
  readonly enableTracing: boolean | undefined;
  /** Of `defaultConfig.tracing`, 0 to 100. */
  readonly sampling: number | undefined;
  readonly defaultProviders: {
    readonly accessLogging: readonly string[];
    readonly tracing: readonly string[];
  };
}

/** `root`: MeshConfig itself. */
export function parseMeshTelemetry(root: Field): MeshTelemetryObject {
  const providers = root.key('defaultProviders').object();
  const encoding = root.key('accessLogEncoding').oneOf(['TEXT', 'JSON']) ?? 'TEXT';
  return {
    accessLogFile: root.key('accessLogFile').text(),
    accessLogFormat: parseFormat(root.key('accessLogFormat'), encoding),
    enableTracing: root.key('enableTracing').boolean(),
    sampling: parsePercentage(root.key('defaultConfig').key('tracing').key('sampling')),
    defaultProviders: {
      accessLogging: providers.key('accessLogging').texts({ minLength: 1 }),
      tracing: providers.key('tracing').texts({ minLength: 1 }),
    },
  };
}

/** Names of what is below `defaultConfig` and that nobody reads. */
export function unusedDefaults(root: Field): readonly string[] {
  const defaults = root.key('defaultConfig');
  return [
    ...namesOf(defaults).flatMap((name) => (name === 'tracing' ? [] : [`defaultConfig.${name}`])),
    ...namesOf(defaults.key('tracing')).flatMap((name) =>
      name === 'sampling' ? [] : [`defaultConfig.tracing.${name}`],
    ),
  ];
}

function parseFormat(field: Field, encoding: 'TEXT' | 'JSON'): LogFormatObject | undefined {
  const text = field.text();
  if (text === undefined || text === '') return undefined;
  if (encoding === 'TEXT') return { kind: 'text', text };
  try {
    return { kind: 'json', labels: flattened(field.holding(JSON.parse(text) as unknown), '') };
  } catch {
    field.issue('an object of JSON, because accessLogEncoding is JSON');
    return undefined;
  }
}

function namesOf(field: Field): readonly string[] {
  return field.present ? field.entries().map(([name]) => name) : [];
}
