import type { Field } from '../../fields/index.ts';
import type { LabelSelector } from '../../label-selector.ts';

/** A selector of the API server's own kind (metav1.LabelSelector). All parts must hold; without any it selects everything. */
export interface LabelQuery {
  readonly matchLabels: LabelSelector;
  readonly expressions: readonly LabelExpression[];
}

/** One of a selector's `matchExpressions`. */
export interface LabelExpression {
  readonly key: string;
  /** `In`, `NotIn`, `Exists` or `DoesNotExist`. The schema takes any text; what is none of these never holds. */
  readonly operator: string;
  readonly values: readonly string[];
}

/** Which namespaces may attach to a listener (`allowedRoutes.namespaces`). */
export type NamespaceSelector =
  | { readonly from: 'All' | 'Same' }
  /** `query` undefined: the selector was left out, and selects nothing. */
  | { readonly from: 'Selector'; readonly query: LabelQuery | undefined };

/** Absent: the listener's own namespace. */
export function parseNamespaceSelector(field: Field): NamespaceSelector {
  field.object(['from', 'selector']);
  const from = field.key('from').oneOf(FROM) ?? 'Same';
  const selector = field.key('selector');
  const query = parseLabelQuery(selector);
  if (from !== 'Selector') return { from };
  return { from, query: selector.present ? query : undefined };
}

/** Whether `labels` are what the query asks for. */
export function matchesQuery(query: LabelQuery | undefined, labels: ReadonlyMap<string, string>): boolean {
  if (query === undefined) return false;
  for (const [key, value] of query.matchLabels) if (labels.get(key) !== value) return false;
  return query.expressions.every((expression) => holds(expression, labels.get(expression.key)));
}

/** For selectors that have no effect here, but must be well-formed all the same. */
export function checkLabelQuery(field: Field): void {
  parseLabelQuery(field);
}

/** A selector of the API server's kind; absent, it selects everything. */
export function parseLabelQuery(field: Field): LabelQuery {
  field.object(['matchLabels', 'matchExpressions']);
  return {
    matchLabels: field.key('matchLabels').textMap(),
    expressions: field.key('matchExpressions').items().map(parseExpression),
  };
}

function holds({ operator, values }: LabelExpression, value: string | undefined): boolean {
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      // Without values it says nothing, and must not select more than was meant.
      return values.length > 0 && (value === undefined || !values.includes(value));
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    default:
      return false;
  }
}

function parseExpression(field: Field): LabelExpression {
  field.required().object(['key', 'operator', 'values']);
  return {
    key: field.key('key').required().text() ?? '',
    operator: field.key('operator').required().text() ?? '',
    values: field.key('values').texts(),
  };
}

const FROM = ['All', 'Same', 'Selector'] as const;
