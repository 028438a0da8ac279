import {
  type MetricLabelChange,
  type MetricSettings,
  TELEMETRY_METRICS,
  type TelemetryMetric,
} from '../../../model/index.ts';
import type { MetricsObject, MetricsOverrideObject } from '../../objects/index.ts';
import type { TelemetryProviders } from './providers.ts';

/** What the wider objects have said, for the narrower ones to change. */
export type MetricsState = ReadonlyMap<TelemetryMetric, MetricSettings>;

/** What an override does not say stays as it was. */
export function applyMetrics(
  state: MetricsState,
  entries: readonly { readonly entry: MetricsObject; readonly override: MetricsOverrideObject }[],
  providers: TelemetryProviders,
): MetricsState {
  const metrics = new Map(state);
  for (const { entry, override } of entries) {
    if (!isOfMetrics(entry, providers)) continue;
    for (const metric of metricsOf(override)) {
      const known = metrics.get(metric);
      metrics.set(metric, {
        metric,
        isDisabled: override.disabled ?? known?.isDisabled ?? false,
        labels: merged(known?.labels ?? [], labelsOf(override)),
      });
    }
  }
  return metrics;
}

/** Without those that are as always. */
export function metricSettingsOf(state: MetricsState): readonly MetricSettings[] {
  return TELEMETRY_METRICS.flatMap((metric) => state.get(metric) ?? []).filter(
    ({ isDisabled, labels }) => isDisabled || labels.length > 0,
  );
}

/** Prometheus is where metrics are; without a name every provider is meant. */
export function isOfMetrics({ providers: named }: MetricsObject, providers: TelemetryProviders): boolean {
  return named.length === 0 || named.some((name) => providers.get(name)?.signal === 'metrics');
}

/** What a label's value says, where it is a text and no more; undefined: it is to be worked out for each request. */
export function literalOf(expression: string): string | undefined {
  const [, single, double] = LITERAL.exec(expression.trim()) ?? [];
  return single ?? double;
}

/** One that Prometheus takes, and that is not its own. */
export function isLabelName(name: string): boolean {
  return LABEL_NAME.test(name) && !name.startsWith('__') && name !== 'le';
}

function metricsOf({ metric }: MetricsOverrideObject): readonly TelemetryMetric[] {
  if (metric === 'ALL_METRICS') return TELEMETRY_METRICS;
  return TELEMETRY_METRICS.filter((known) => known === metric);
}

function labelsOf({ tagOverrides }: MetricsOverrideObject): readonly MetricLabelChange[] {
  return [...tagOverrides]
    .slice(0, MOST_LABELS)
    .flatMap(([label, { operation, value }]): MetricLabelChange[] => {
      if (!isLabelName(label)) return [];
      if (operation === 'REMOVE') return [{ label, value: undefined }];
      const literal = literalOf(value);
      return literal === undefined ? [] : [{ label, value: literal }];
    });
}

function merged(
  before: readonly MetricLabelChange[],
  after: readonly MetricLabelChange[],
): readonly MetricLabelChange[] {
  const byLabel = new Map([...before, ...after].map((change) => [change.label, change]));
  return [...byLabel.values()].slice(0, MOST_LABELS);
}

/** Of one metric. */
export const MOST_LABELS = 32;
const LITERAL = /^(?:'([^'\\]*)'|"([^"\\]*)")$/;
const LABEL_NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/;
