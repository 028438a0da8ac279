import type { MetricSettings, TelemetryMetric } from '../../model/index.ts';

/** How metrics of some traffic differ from what they always are. Compiled once for each change. */
export interface MetricRules {
  /** Other rules have another. */
  readonly id: string;
  /** The label set of one metric, made of what it always is. Undefined: it is not counted. */
  labels(metric: TelemetryMetric, labels: Labels): Labels | undefined;
}

type Labels = Record<string, string>;

/** Undefined: all are as always. */
export function compileMetricRules(settings: readonly MetricSettings[]): MetricRules | undefined {
  if (settings.length === 0) return undefined;
  const byMetric = new Map(settings.map((one) => [one.metric, one]));
  compiled += 1;
  return {
    id: compiled.toString(36),
    labels(metric, labels) {
      const changes = byMetric.get(metric);
      if (changes === undefined) return labels;
      if (changes.isDisabled) return undefined;
      const changed = { ...labels };
      for (const { label, value } of changes.labels) {
        if (value === undefined) delete changed[label];
        else changed[label] = value;
      }
      return changed;
    },
  };
}

/** What is counted under one label set. */
export interface RuledSeries {
  readonly labels: Labels;
  readonly rules: MetricRules | undefined;
}

/**
 * The label sets of one metric, each with all that is counted under it: where labels were taken away, or rules have changed,
 * several series have come to be one. Undefined for a metric that no rule is about.
 */
export function exposed<T extends RuledSeries>(
  series: Iterable<T>,
  metric: TelemetryMetric | undefined,
): readonly { readonly labels: Labels; readonly members: readonly T[] }[] {
  const all = [...series];
  if (all.every(({ rules }) => rules === undefined))
    return all.map((one) => ({ labels: one.labels, members: [one] }));
  const groups = new Map<string, { readonly labels: Labels; readonly members: T[] }>();
  for (const one of all) {
    const { rules } = one;
    const labels =
      rules === undefined || metric === undefined ? one.labels : rules.labels(metric, one.labels);
    if (labels === undefined) continue;
    const key = JSON.stringify(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)));
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { labels, members: [one] });
    else group.members.push(one);
  }
  return [...groups.values()];
}

/** Numbers the rules of the process. */
let compiled = 0;
