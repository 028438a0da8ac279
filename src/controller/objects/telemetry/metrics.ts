import { TELEMETRY_METRICS } from '../../../model/index.ts';
import { type Field, parseGoDuration } from '../fields/index.ts';
import { parseMode, parseNullableBoolean, parseProviders, type WorkloadMode } from './workload-mode.ts';

/** One entry of `metrics`. */
export interface MetricsObject {
  readonly providers: readonly string[];
  readonly overrides: readonly MetricsOverrideObject[];
  /** It is there: how often metrics are to be pushed. */
  readonly namesInterval: boolean;
}

/** How a metric is to differ from what it is. */
export interface MetricsOverrideObject {
  readonly mode: WorkloadMode;
  /** `ALL_METRICS`, or Istio's word for one. Undefined: a metric of somebody's own. */
  readonly metric: (typeof METRIC_NAMES)[number] | undefined;
  readonly customMetric: string;
  readonly disabled: boolean | undefined;
  readonly tagOverrides: ReadonlyMap<string, TagOverrideObject>;
}

/** How a label of a metric is to differ. */
export interface TagOverrideObject {
  readonly operation: 'UPSERT' | 'REMOVE';
  /** An expression; empty for REMOVE. */
  readonly value: string;
}

/** An interval must be well-formed, and has no effect. */
export function parseMetrics(field: Field): MetricsObject {
  field.object(['providers', 'overrides', 'reportingInterval']);
  const interval = field.key('reportingInterval');
  parseGoDuration(interval);
  return {
    providers: parseProviders(field.key('providers')),
    overrides: field.key('overrides').items().map(parseOverride),
    namesInterval: interval.present,
  };
}

function parseOverride(field: Field): MetricsOverrideObject {
  field.object(['match', 'disabled', 'tagOverrides']);
  const match = field.key('match').object(['metric', 'customMetric', 'mode']);
  const metric = match.key('metric');
  const custom = match.key('customMetric');
  if (metric.present && custom.present) match.issue('only one of metric and customMetric', 'both');
  return {
    mode: parseMode(match.key('mode')),
    metric: custom.present ? undefined : (metric.oneOf(METRIC_NAMES) ?? 'ALL_METRICS'),
    customMetric: custom.text({ minLength: 1 }) ?? '',
    disabled: parseNullableBoolean(field.key('disabled')),
    tagOverrides: new Map(
      field
        .key('tagOverrides')
        .entries()
        .map(([name, override]) => [name, parseTagOverride(override)]),
    ),
  };
}

function parseTagOverride(field: Field): TagOverrideObject {
  field.required().object(['operation', 'value']);
  const operation = field.key('operation').oneOf(OPERATIONS) ?? 'UPSERT';
  const value = field.key('value').text() ?? '';
  if (operation === 'UPSERT' && value === '')
    field.key('value').issue('a value where the operation is UPSERT');
  if (operation === 'REMOVE' && value !== '')
    field.key('value').issue('no value where the operation is REMOVE');
  return { operation, value };
}

const OPERATIONS = ['UPSERT', 'REMOVE'] as const;
const METRIC_NAMES = [
  'ALL_METRICS',
  ...TELEMETRY_METRICS,
  'GRPC_REQUEST_MESSAGES',
  'GRPC_RESPONSE_MESSAGES',
] as const;
