import { type Attributes, SeverityNumber, TraceFlags } from '@opentelemetry/api';
import type { Resource } from '@opentelemetry/resources';
import type { ReadableLogRecord } from '@opentelemetry/sdk-logs';
import { MeshError } from '../../base/index.ts';
import { hrTime, SCOPE } from './convert.ts';
import type { AccessLine } from '../access-log/index.ts';

/** A record in the form that OpenTelemetry's exporters take. */
export function readableLogRecord(line: TimedLine, resource: Resource): ReadableLogRecord {
  const { level, message, trace } = line;
  const at = hrTime(line.atMs);
  return {
    hrTime: at,
    hrTimeObserved: at,
    severityNumber: SEVERITIES[level],
    severityText: level.toUpperCase(),
    body: message,
    attributes: attributesOf(line.fields),
    ...(trace === undefined
      ? {}
      : {
          spanContext: {
            traceId: trace.traceId,
            spanId: trace.spanId,
            traceFlags: trace.sampled === true ? TraceFlags.SAMPLED : TraceFlags.NONE,
          },
        }),
    resource,
    instrumentationScope: SCOPE,
    droppedAttributesCount: 0,
  };
}

function attributesOf(fields: TimedLine['fields']): Attributes {
  const attributes: Attributes = {};
  for (const [name, value] of Object.entries(fields)) {
    if (value instanceof Error) {
      attributes[name] = value.message;
      if (value instanceof MeshError) attributes[`${name}.code`] = value.code;
    } else if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
      attributes[name] = value;
    else if (value !== undefined) attributes[name] = JSON.stringify(value);
  }
  return attributes;
}

const SEVERITIES = {
  trace: SeverityNumber.TRACE,
  debug: SeverityNumber.DEBUG,
  info: SeverityNumber.INFO,
  warn: SeverityNumber.WARN,
  error: SeverityNumber.ERROR,
} as const;

/** A record with the time that it was written at, in milliseconds since 1970. */
export interface TimedLine extends AccessLine {
  readonly atMs: number;
}
