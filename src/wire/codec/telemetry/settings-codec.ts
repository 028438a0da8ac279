import { create } from '@bufbuild/protobuf';
import {
  type MetricSettings,
  type SpanTag,
  TELEMETRY_METRICS,
  type TelemetryMetric,
  type TelemetrySettings,
  type TracingSettings,
} from '../../../model/index.ts';
import { type Metric, type Settings, SettingsSchema, type Tag } from '../../generated/telemetry_pb.js';
import { decodeAccessLog, encodeAccessLog } from './access-log-codec.ts';
import { decodeCollector, encodeCollector } from './collector-codec.ts';

/** `nodemesh.telemetry.Settings`. */
export function encodeTelemetrySettings({ accessLogs, tracing, metrics }: TelemetrySettings): Settings {
  return create(SettingsSchema, {
    ...(accessLogs === undefined ? {} : { accessLogs: { logs: accessLogs.map(encodeAccessLog) } }),
    tracing: {
      ratio: tracing.ratio,
      unreported: !tracing.isReported,
      ...(tracing.collector === undefined ? {} : { collector: encodeCollector(tracing.collector) }),
      tags: tracing.tags.map(encodeTag),
    },
    metrics: metrics.map(({ metric, isDisabled, labels }) => ({
      metric,
      disabled: isDisabled,
      labels: labels.map(({ label, value }) => ({ label, value })),
    })),
  });
}

/** Never throws: what a newer controller says of telemetry must keep no pod out of the mesh. */
export function decodeTelemetrySettings({ accessLogs, tracing, metrics }: Settings): TelemetrySettings {
  return {
    accessLogs: accessLogs?.logs.flatMap((log) => decodeAccessLog(log) ?? []),
    tracing: decodeTracing(tracing),
    metrics: metrics.flatMap(decodeMetric),
  };
}

function decodeTracing(tracing: Settings['tracing']): TracingSettings {
  const { ratio } = tracing ?? {};
  return {
    ratio: ratio !== undefined && ratio >= 0 && ratio <= 1 ? ratio : undefined,
    isReported: tracing?.unreported !== true,
    collector: tracing?.collector && decodeCollector(tracing.collector),
    tags: (tracing?.tags ?? []).map(decodeTag),
  };
}

function encodeTag(tag: SpanTag): { readonly name: string; readonly value: string; readonly header: string } {
  return tag.kind === 'literal'
    ? { name: tag.name, value: tag.value, header: '' }
    : { name: tag.name, value: tag.fallback, header: tag.header };
}

function decodeTag({ name, value, header }: Tag): SpanTag {
  return header === '' ? { name, kind: 'literal', value } : { name, kind: 'header', header, fallback: value };
}

function decodeMetric({ metric, disabled, labels }: Metric): readonly MetricSettings[] {
  if (!isMetric(metric)) return [];
  return [
    {
      metric,
      isDisabled: disabled,
      labels: labels.map(({ label, value }) => ({ label, value })),
    },
  ];
}

function isMetric(text: string): text is TelemetryMetric {
  return TELEMETRY_METRICS.some((metric) => metric === text);
}
