import type { AccessLogDestination, TelemetryCollector } from '../../../model/index.ts';
import type { CollectorObject, MeshConfigObject, TelemetryProviderObject } from '../../objects/index.ts';
import { translateFormat } from './envoy-format.ts';

/** What a name in `providers` stands for. */
export type TelemetryProvider =
  | {
      readonly signal: 'access-log';
      readonly destination: AccessLogDestination;
      /** What of it cannot be as it was written. */
      readonly notes: readonly string[];
    }
  | { readonly signal: 'tracing'; readonly collector: TelemetryCollector }
  | { readonly signal: 'metrics' }
  | { readonly signal: 'none'; readonly why: string };

/** By name. */
export type TelemetryProviders = ReadonlyMap<string, TelemetryProvider>;

/**
 * Those of MeshConfig, and those that are always there: `envoy`, an access log in the process's own log, and `prometheus`.
 * `addressOf` a service's name is where it is reached: its virtual address, since proxies are outside the mesh that they make.
 */
export function resolveProviders(
  mesh: MeshConfigObject | undefined,
  addressOf: (service: string) => string,
): TelemetryProviders {
  const format = mesh?.telemetry.accessLogFormat;
  const providers = new Map<string, TelemetryProvider>([
    ['envoy', logProvider(format, [])],
    ['prometheus', { signal: 'metrics' }],
  ]);
  for (const { name, telemetry, authorizer } of mesh?.extensionProviders ?? [])
    providers.set(
      name,
      telemetry === undefined
        ? { signal: 'none', why: authorizer === undefined ? 'is of no kind that is known' : 'authorizes' }
        : providerOf(telemetry, addressOf),
    );
  return providers;
}

function providerOf(
  object: TelemetryProviderObject,
  addressOf: (service: string) => string,
): TelemetryProvider {
  switch (object.kind) {
    case 'opentelemetry':
      return { signal: 'tracing', collector: collectorOf(object.collector, addressOf) };
    case 'otel-log':
      return {
        signal: 'access-log',
        destination: { kind: 'otlp', collector: collectorOf(object.collector, addressOf) },
        notes: object.hasFormat
          ? ['logFormat has no effect: records have the fields that they always have']
          : [],
      };
    case 'file-log':
      return logProvider(
        object.format,
        STANDARD_STREAMS.has(object.path)
          ? []
          : [`path ${object.path} is not written: records are in the log of the proxy`],
      );
    case 'prometheus':
      return { signal: 'metrics' };
    case 'foreign':
      return { signal: 'none', why: `is of kind ${object.type}, which this mesh does not send to` };
  }
}

function logProvider(
  format: Parameters<typeof translateFormat>[0] | undefined,
  notes: readonly string[],
): TelemetryProvider {
  if (format === undefined)
    return { signal: 'access-log', destination: { kind: 'log', format: undefined }, notes };
  const translated = translateFormat(format);
  const { unknown } = translated;
  return {
    signal: 'access-log',
    destination: { kind: 'log', format: translated.format },
    notes: [
      ...notes,
      ...(unknown.length === 0 ? [] : [`operators that say nothing here: ${unknown.join(', ')}`]),
    ],
  };
}

function collectorOf(
  { service, port, httpPath, headers }: CollectorObject,
  addressOf: (service: string) => string,
): TelemetryCollector {
  const host = addressOf(service);
  const authority = `${host.includes(':') ? `[${host}]` : host}:${port}`;
  return {
    // The signal's path is put behind it.
    endpoint: `http://${authority}${(httpPath ?? '').replace(/\/v1\/(traces|logs)\/?$/, '')}`,
    protocol: httpPath === undefined ? 'grpc' : 'http',
    headers,
  };
}

const STANDARD_STREAMS: ReadonlySet<string> = new Set(['/dev/stdout', '/dev/stderr', '']);
