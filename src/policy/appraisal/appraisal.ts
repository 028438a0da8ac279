/** One thing that a rule asked for and did not find. */
export interface UnmetPart {
  /** Where it is written in the rule: `from 1`, `to 2`, `when`; of what node proxies get, `clause 1`. Counted from 1. */
  readonly where: string;
  /** What it looks at: `principal`, `header x-team`. */
  readonly subject: string;
  readonly expected: string;
  readonly got: string;
}

/** How far one rule is from holding. */
export interface RuleAppraisal {
  /** From 0. */
  readonly rule: number;
  /** Of the alternatives that the rule has, what the nearest one is short of; empty: the rule holds. */
  readonly unmet: readonly UnmetPart[];
}

/** The rule that is nearest to holding, or the first that does; undefined where there are no rules. */
export function nearestRule(rules: readonly RuleAppraisal[]): RuleAppraisal | undefined {
  return rules.toSorted((a, b) => a.unmet.length - b.unmet.length || a.rule - b.rule)[0];
}

/** `one of a, b`, or `none of c`, or both. */
export function wished(values: readonly string[], notValues: readonly string[]): string {
  return [
    ...(values.length === 0 ? [] : [values.length === 1 ? (values[0] ?? '') : `one of ${listed(values)}`]),
    ...(notValues.length === 0 ? [] : [`${values.length === 0 ? '' : 'and '}none of ${listed(notValues)}`]),
  ].join(' ');
}

function listed(values: readonly string[]): string {
  if (values.length <= LONGEST_LIST) return values.join(', ');
  return `${values.slice(0, LONGEST_LIST).join(', ')} and ${values.length - LONGEST_LIST} more`;
}

const LONGEST_LIST = 8;
