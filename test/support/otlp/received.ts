import { fromBinary } from '@bufbuild/protobuf';
import {
  type AnyValue,
  ExportLogsServiceRequestSchema,
  ExportTraceServiceRequestSchema,
  type KeyValue,
} from './generated/otlp_pb.js';

type Value = string | number | boolean;

export interface ReceivedSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentId: string;
  readonly name: string;
  readonly kind: number;
  readonly startMs: number;
  readonly endMs: number;
  readonly failed: boolean;
  readonly attributes: Readonly<Record<string, Value>>;
  readonly resource: Readonly<Record<string, Value>>;
}

export interface ReceivedLog {
  readonly timeMs: number;
  readonly severity: string;
  readonly body: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly attributes: Readonly<Record<string, Value>>;
  readonly resource: Readonly<Record<string, Value>>;
}

/** The spans of one ExportTraceServiceRequest. */
export function spansOf(bytes: Uint8Array): readonly ReceivedSpan[] {
  return fromBinary(ExportTraceServiceRequestSchema, bytes).resourceSpans.flatMap(
    ({ resource, scopeSpans }) =>
      scopeSpans.flatMap(({ spans }) =>
        spans.map((span) => ({
          traceId: hex(span.traceId),
          spanId: hex(span.spanId),
          parentId: hex(span.parentSpanId),
          name: span.name,
          kind: span.kind,
          startMs: Number(span.startTimeUnixNano) / 1e6,
          endMs: Number(span.endTimeUnixNano) / 1e6,
          failed: span.status?.code === 2,
          attributes: record(span.attributes),
          resource: record(resource?.attributes ?? []),
        })),
      ),
  );
}

/** The records of one ExportLogsServiceRequest. */
export function logsOf(bytes: Uint8Array): readonly ReceivedLog[] {
  return fromBinary(ExportLogsServiceRequestSchema, bytes).resourceLogs.flatMap(({ resource, scopeLogs }) =>
    scopeLogs.flatMap(({ logRecords }) =>
      logRecords.map((log) => ({
        timeMs: Number(log.timeUnixNano) / 1e6,
        severity: log.severityText,
        body: String(anyOf(log.body)),
        traceId: hex(log.traceId),
        spanId: hex(log.spanId),
        attributes: record(log.attributes),
        resource: record(resource?.attributes ?? []),
      })),
    ),
  );
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

function record(attributes: readonly KeyValue[]): Readonly<Record<string, Value>> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, anyOf(value)]));
}

function anyOf(any: AnyValue | undefined): Value {
  const { case: kind, value } = any?.value ?? { case: undefined, value: undefined };
  if (kind === 'stringValue' || kind === 'boolValue') return value;
  return kind === 'intValue' || kind === 'doubleValue' ? Number(value) : '';
}
