import type { Field } from './fields/index.ts';

/** Label values that an object must all have. Empty: selects everything. */
export type LabelSelector = ReadonlyMap<string, string>;

/** True when `labels` has every pair of the selector; an empty selector selects all. */
export function selects(selector: LabelSelector, labels: ReadonlyMap<string, string>): boolean {
  for (const [key, value] of selector) if (labels.get(key) !== value) return false;
  return true;
}

/** `spec.selector` of Istio's policies, with its schema's rules. Undefined when absent or empty: both select everything. */
export function parseWorkloadSelector(field: Field): LabelSelector | undefined {
  if (!field.present) return undefined;
  const labels = field.object(['matchLabels']).key('matchLabels');
  const entries = labels.entries();
  if (entries.length > 4096) labels.issue('at most 4096 labels', `${entries.length}`);
  const selector = new Map<string, string>();
  for (const [key, value] of entries) {
    if (key === '') value.issue('a label name that is not empty', '""');
    if (key.includes('*')) value.issue('a label name without wildcard');
    if (value.value === null) value.issue('text');
    const text = value.text({ maxLength: 63 });
    if (text?.includes('*') === true) value.issue('a label value without wildcard');
    if (text !== undefined) selector.set(key, text);
  }
  return selector.size === 0 ? undefined : selector;
}
