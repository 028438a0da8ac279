import type { ExportResult } from '@opentelemetry/core';
import type { ReadableLogRecord } from '@opentelemetry/sdk-logs';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import type { OtlpConfig } from './otlp-config.ts';

/** What OpenTelemetry's exporters have in common. */
export interface Exporter<T> {
  export(items: T[], done: (result: ExportResult) => void): void;
  shutdown(): Promise<void>;
}

/** The official exporters. Loaded when somebody wants one, for whoever does not pays for none in memory. */
export async function traceExporter(config: OtlpConfig): Promise<Exporter<ReadableSpan>> {
  if (config.protocol === 'grpc') {
    const { OTLPTraceExporter } = await import('@opentelemetry/exporter-trace-otlp-grpc');
    return new OTLPTraceExporter(await grpcOptions(config));
  }
  const { OTLPTraceExporter } = await import('@opentelemetry/exporter-trace-otlp-proto');
  return new OTLPTraceExporter(httpOptions(config, 'v1/traces'));
}

/** As traceExporter, for records of the log. */
export async function logExporter(config: OtlpConfig): Promise<Exporter<ReadableLogRecord>> {
  if (config.protocol === 'grpc') {
    const { OTLPLogExporter } = await import('@opentelemetry/exporter-logs-otlp-grpc');
    return new OTLPLogExporter(await grpcOptions(config));
  }
  const { OTLPLogExporter } = await import('@opentelemetry/exporter-logs-otlp-proto');
  return new OTLPLogExporter(httpOptions(config, 'v1/logs'));
}

async function grpcOptions({ endpoint, headers }: OtlpConfig) {
  const { credentials, Metadata } = await import('@grpc/grpc-js');
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(headers)) metadata.set(name, value);
  const secure = endpoint.startsWith('https:');
  return {
    url: endpoint,
    metadata,
    credentials: secure ? credentials.createSsl() : credentials.createInsecure(),
    timeoutMillis: TIMEOUT_MS,
  };
}

function httpOptions({ endpoint, headers }: OtlpConfig, path: string) {
  return {
    url: `${endpoint.replace(/\/+$/, '')}/${path}`,
    headers: { ...headers },
    timeoutMillis: TIMEOUT_MS,
  };
}

const TIMEOUT_MS = 10_000;
