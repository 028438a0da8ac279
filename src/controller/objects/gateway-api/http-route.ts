import type { Field } from '../fields/index.ts';
import { type ObjectMeta, parseObjectMeta } from '../object-meta.ts';
import { HOSTNAME } from './name-rules.ts';
import {
  createRuleNames,
  type HttpRouteMatchFields,
  type ParentReference,
  parseHttpFilters,
  parseHttpMatch,
  parseParentReferences,
  parseReportingControllers,
  parseRetry,
  parseSessionPersistence,
  parseTimeouts,
  parseWeightedBackendReference,
  type RouteFilter,
  type RouteRetryFields,
  type RouteTimeoutFields,
  type SessionPersistenceFields,
  type WeightedBackendReference,
} from './route/index.ts';

/** gateway.networking.k8s.io HTTPRoute, its defaults filled in. */
export interface HttpRouteObject {
  readonly kind: 'HTTPRoute';
  /** The version that the object was written in. */
  readonly apiVersion: string;
  readonly meta: ObjectMeta;
  readonly parentRefs: readonly ParentReference[];
  readonly hostnames: readonly string[];
  readonly rules: readonly HttpRouteRule[];
  /** Controllers that have written to its status. */
  readonly reportedBy: readonly string[];
}

/** One rule of an HTTPRoute, as it was written. */
export interface HttpRouteRule {
  /** Empty: it has none. */
  readonly name: string;
  readonly matches: readonly HttpRouteMatchFields[];
  readonly filters: readonly RouteFilter[];
  readonly backendRefs: readonly FilteredBackendReference[];
  readonly timeouts: RouteTimeoutFields;
  readonly retry: RouteRetryFields | undefined;
  readonly sessionPersistence: SessionPersistenceFields | undefined;
}

/** A backend with filters for what goes there. */
export interface FilteredBackendReference extends WeightedBackendReference {
  readonly filters: readonly RouteFilter[];
}

/** Accepts exactly what the CustomResourceDefinition does: schema, defaults and CEL rules of the experimental channel. */
export function parseHttpRoute(root: Field, defaultNamespace: string): HttpRouteObject {
  const meta = parseObjectMeta(root, { fallback: defaultNamespace });
  const spec = root.key('spec').required().object(['parentRefs', 'hostnames', 'rules', 'useDefaultGateways']);
  spec.key('useDefaultGateways').oneOf(['All', 'None']);
  return {
    kind: 'HTTPRoute',
    apiVersion: root.key('apiVersion').text() ?? '',
    meta,
    parentRefs: parseParentReferences(spec.key('parentRefs')),
    hostnames: spec.key('hostnames').texts({ ...HOSTNAME, maxItems: 16 }),
    rules: parseRules(spec.key('rules')),
    reportedBy: parseReportingControllers(root),
  };
}

function parseRules(field: Field): readonly HttpRouteRule[] {
  if (!field.present) return [EVERYTHING];
  const nameOf = createRuleNames();
  const rules = field.items(16, 1).map((item) => parseRule(item, nameOf));
  const matches = rules.reduce((sum, rule) => sum + rule.matches.length, 0);
  if (matches > LARGEST_MATCHES) field.issue(`at most ${LARGEST_MATCHES} matches in all rules`, `${matches}`);
  return rules;
}

function parseRule(field: Field, nameOf: (rule: Field) => string): HttpRouteRule {
  field
    .required()
    .object(['name', 'matches', 'filters', 'backendRefs', 'timeouts', 'retry', 'sessionPersistence']);
  const matches = field.key('matches');
  const rule = {
    name: nameOf(field),
    matches: matches.present ? matches.items(64).map(parseHttpMatch) : EVERYTHING.matches,
    filters: parseHttpFilters(field.key('filters')),
    backendRefs: field.key('backendRefs').items(16).map(parseBackend),
    timeouts: parseTimeouts(field.key('timeouts')),
    retry: parseRetry(field.key('retry')),
    sessionPersistence: parseSessionPersistence(field.key('sessionPersistence')),
  };
  checkFilters(field, rule);
  return rule;
}

function parseBackend(field: Field): FilteredBackendReference {
  return {
    ...parseWeightedBackendReference(field, ['filters']),
    filters: parseHttpFilters(field.key('filters')),
  };
}

function checkFilters(field: Field, { matches, filters, backendRefs }: HttpRouteRule): void {
  if (backendRefs.length > 0 && filters.some(({ type }) => type === 'RequestRedirect')) {
    field.key('backendRefs').issue('no backends beside a RequestRedirect');
  }
  const [only] = matches;
  if (matches.length === 1 && only?.path.type === 'PathPrefix') return;
  for (const type of ['RequestRedirect', 'URLRewrite'] as const) {
    const replaces = (filter: RouteFilter): boolean =>
      filter.type === type && filter.path?.type === 'ReplacePrefixMatch';
    const expected = `exactly one match, with a PathPrefix, for the replacePrefixMatch of a ${type}`;
    if (filters.some(replaces)) field.key('matches').issue(expected);
    // The CRD asks whether exactly one backend has such a filter.
    if (backendRefs.filter((backend) => backend.filters.some(replaces)).length === 1) {
      field.key('matches').issue(expected);
    }
  }
}

const LARGEST_MATCHES = 128;
const EVERYTHING: HttpRouteRule = {
  name: '',
  matches: [{ path: { type: 'PathPrefix', value: '/' }, method: undefined, headers: [], queryParams: [] }],
  filters: [],
  backendRefs: [],
  timeouts: { requestMs: undefined, backendRequestMs: undefined },
  retry: undefined,
  sessionPersistence: undefined,
};
