import type { Field } from '../fields/index.ts';
import type { LabelSelector } from '../label-selector.ts';

/** A selector of the API server's own kind (metav1.LabelSelector). All parts must hold; without any it selects everything. */
export interface LabelQuery {
  readonly matchLabels: LabelSelector;
  readonly expressions: readonly LabelExpression[];
}

export interface LabelExpression {
  readonly key: string;
  readonly operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist';
  readonly values: readonly string[];
}

/** Which namespaces may attach to a listener (`allowedRoutes.namespaces`). */
export type NamespaceSelector =
  | { readonly from: 'All' | 'Same' }
  | { readonly from: 'Selector'; readonly query: LabelQuery };

export function parseLabelQuery(field: Field): LabelQuery {
  field.object(['matchLabels', 'matchExpressions']);
  return {
    matchLabels: field.key('matchLabels').textMap(),
    expressions: field.key('matchExpressions').items().map(parseExpression),
  };
}

/** Absent: the listener's own namespace. */
export function parseNamespaceSelector(field: Field): NamespaceSelector {
  field.object(['from', 'selector']);
  const from = field.key('from').oneOf(FROM) ?? 'Same';
  if (from !== 'Selector') return { from };
  return { from, query: parseLabelQuery(field.key('selector').required()) };
}

export function matchesQuery(query: LabelQuery, labels: ReadonlyMap<string, string>): boolean {
  for (const [key, value] of query.matchLabels) if (labels.get(key) !== value) return false;
  return query.expressions.every((expression) => holds(expression, labels.get(expression.key)));
}

function holds({ operator, values }: LabelExpression, value: string | undefined): boolean {
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      return value === undefined || !values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
  }
}

function parseExpression(field: Field): LabelExpression {
  field.object(['key', 'operator', 'values']);
  const operator = field.key('operator').required().oneOf(OPERATORS);
  const values = field.key('values').texts();
  const takesValues = operator === 'In' || operator === 'NotIn';
  if (takesValues && values.length === 0) field.key('values').issue('at least one value', 'none');
  if (!takesValues && values.length > 0) field.key('values').issue(`no values beside ${operator}`);
  return {
    key: field.key('key').required().text({ minLength: 1 }) ?? '',
    // A part that cannot be read must not widen what is selected.
    operator: operator ?? 'In',
    values: operator === undefined ? [] : values,
  };
}

const FROM = ['All', 'Same', 'Selector'] as const;
const OPERATORS = ['In', 'NotIn', 'Exists', 'DoesNotExist'] as const;
