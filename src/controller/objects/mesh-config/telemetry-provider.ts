import type { Field } from '../fields/index.ts';

/** A provider of traces, access logs or metrics among MeshConfig's extensionProviders. */
export type TelemetryProviderObject =
  | { readonly kind: 'opentelemetry'; readonly collector: CollectorObject }
  | {
      readonly kind: 'otel-log';
      readonly collector: CollectorObject;
      /** It says how a record is to look. */
      readonly hasFormat: boolean;
    }
  | { readonly kind: 'file-log'; readonly path: string; readonly format: LogFormatObject | undefined }
  | { readonly kind: 'prometheus' }
  /** Of a kind that the mesh cannot send to. */
  | { readonly kind: 'foreign'; readonly type: string };

/** A collector, as MeshConfig names it. */
export interface CollectorObject {
  /** `[<namespace>/]<hostname>`, as it was written. */
  readonly service: string;
  readonly port: number;
  /** Undefined: over gRPC. */
  readonly httpPath: string | undefined;
  readonly headers: readonly (readonly [name: string, value: string])[];
}

/** The form of an access log's lines, in Envoy's words. */
export type LogFormatObject =
  | { readonly kind: 'text'; readonly text: string }
  /** Objects within objects have the names of both, with a dot between. */
  | { readonly kind: 'json'; readonly labels: readonly (readonly [name: string, format: string])[] };

/** Undefined: it is no provider of telemetry. */
export function parseTelemetryProvider(provider: Field): TelemetryProviderObject | undefined {
  const opentelemetry = provider.key('opentelemetry');
  if (opentelemetry.present) return { kind: 'opentelemetry', collector: parseCollector(opentelemetry) };
  const otelLog = provider.key('envoyOtelAls');
  if (otelLog.present) {
    const hasFormat = otelLog.key('logFormat').present;
    return { kind: 'otel-log', collector: parseCollector(otelLog), hasFormat };
  }
  const file = provider.key('envoyFileAccessLog');
  if (file.present) {
    const path = file.object().key('path').text() ?? '';
    return { kind: 'file-log', path, format: parseLogFormat(file.key('logFormat')) };
  }
  if (provider.key('prometheus').present) return { kind: 'prometheus' };
  const type = FOREIGN.find((name) => provider.key(name).present);
  return type === undefined ? undefined : { kind: 'foreign', type };
}

function parseCollector(field: Field): CollectorObject {
  field.object();
  const http = field.key('http').object();
  return {
    service: field.key('service').required().text({ minLength: 1, pattern: SERVICE }) ?? '',
    port: field.key('port').required().integer({ minimum: 1, maximum: 65535 }) ?? 0,
    httpPath: http.present ? (http.key('path').text({ pattern: PATH }) ?? '') : undefined,
    headers: [
      ...parseHeaders(http.key('headers')),
      ...parseHeaders(field.key('grpc').key('initialMetadata')),
    ],
  };
}

/** Values from the environment are the controller's business as little as the proxies': they are shared. */
function parseHeaders(field: Field): readonly (readonly [string, string])[] {
  return field.items(64).flatMap((header) => {
    const name = header.object().key('name').required().text({ minLength: 1, pattern: HEADER_NAME }) ?? '';
    const value = header.key('value').text({ pattern: HEADER_VALUE });
    return value === undefined ? [] : [[name, value] as const];
  });
}

function parseLogFormat(field: Field): LogFormatObject | undefined {
  if (!field.object().present) return undefined;
  const text = field.key('text').text();
  if (text !== undefined) return { kind: 'text', text };
  return { kind: 'json', labels: flattened(field.key('labels'), '') };
}

/** Also what MeshConfig's accessLogFormat says, which is JSON as text or a text. */
export function flattened(field: Field, prefix: string): readonly (readonly [string, string])[] {
  return field.entries().flatMap(([name, value]): readonly (readonly [string, string])[] => {
    if (typeof value.value === 'object' && value.value !== null && prefix.split('.').length <= DEEPEST)
      return flattened(value, `${prefix}${name}.`);
    return [
      [`${prefix}${name}`, typeof value.value === 'string' ? value.value : JSON.stringify(value.value)],
    ];
  });
}

const FOREIGN = [
  'zipkin',
  'lightstep',
  'datadog',
  'skywalking',
  'opencensus',
  'stackdriver',
  'envoyHttpAls',
  'envoyTcpAls',
] as const;
const DEEPEST = 5;
const SERVICE =
  /^(?:[a-z0-9]([-a-z0-9]*[a-z0-9])?\/)?[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/i;
const PATH = /^(\/[^\s?#]*)?$/;
/** RFC 9110 §5.1. */
const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const HEADER_VALUE = /^[\x20-\x7e\t]*$/;
