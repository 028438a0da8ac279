import type { Field } from '../fields/index.ts';
import { type ObjectMeta, parseObjectMeta } from '../object-meta.ts';
import type { FilteredBackendReference } from './http-route.ts';
import { HOSTNAME } from './name-rules.ts';
import {
  createRuleNames,
  type GrpcRouteMatchFields,
  type ParentReference,
  parseGrpcFilters,
  parseGrpcMatch,
  parseParentReferences,
  parseReportingControllers,
  parseSessionPersistence,
  parseWeightedBackendReference,
  type RouteFilter,
  type SessionPersistenceFields,
} from './route/index.ts';

/** gateway.networking.k8s.io GRPCRoute, its defaults filled in. */
export interface GrpcRouteObject {
  readonly kind: 'GRPCRoute';
  /** The version that the object was written in. */
  readonly apiVersion: string;
  readonly meta: ObjectMeta;
  readonly parentRefs: readonly ParentReference[];
  readonly hostnames: readonly string[];
  readonly rules: readonly GrpcRouteRule[];
  /** Controllers that have written to its status. */
  readonly reportedBy: readonly string[];
}

/** One rule of a GRPCRoute, as it was written. */
export interface GrpcRouteRule {
  /** Empty: it has none. */
  readonly name: string;
  /** Empty: every gRPC request. */
  readonly matches: readonly GrpcRouteMatchFields[];
  readonly filters: readonly RouteFilter[];
  readonly backendRefs: readonly FilteredBackendReference[];
  readonly sessionPersistence: SessionPersistenceFields | undefined;
}

/** Accepts exactly what the CustomResourceDefinition does: schema, defaults and CEL rules of the experimental channel. */
export function parseGrpcRoute(root: Field, defaultNamespace: string): GrpcRouteObject {
  const meta = parseObjectMeta(root, { fallback: defaultNamespace });
  const spec = root.key('spec').required().object(['parentRefs', 'hostnames', 'rules', 'useDefaultGateways']);
  spec.key('useDefaultGateways').oneOf(['All', 'None']);
  return {
    kind: 'GRPCRoute',
    apiVersion: root.key('apiVersion').text() ?? '',
    meta,
    parentRefs: parseParentReferences(spec.key('parentRefs')),
    hostnames: spec.key('hostnames').texts({ ...HOSTNAME, maxItems: 16 }),
    rules: parseRules(spec.key('rules')),
    reportedBy: parseReportingControllers(root),
  };
}

function parseRules(field: Field): readonly GrpcRouteRule[] {
  const nameOf = createRuleNames();
  const rules = field.items(16).map((item) => parseRule(item, nameOf));
  const matches = rules.reduce((sum, rule) => sum + rule.matches.length, 0);
  if (matches > LARGEST_MATCHES) field.issue(`at most ${LARGEST_MATCHES} matches in all rules`, `${matches}`);
  return rules;
}

function parseRule(field: Field, nameOf: (rule: Field) => string): GrpcRouteRule {
  field.required().object(['name', 'matches', 'filters', 'backendRefs', 'sessionPersistence']);
  return {
    name: nameOf(field),
    matches: field.key('matches').items(64).map(parseGrpcMatch),
    filters: parseGrpcFilters(field.key('filters')),
    backendRefs: field
      .key('backendRefs')
      .items(16)
      .map((item) => ({
        ...parseWeightedBackendReference(item, ['filters']),
        filters: parseGrpcFilters(item.key('filters')),
      })),
    sessionPersistence: parseSessionPersistence(field.key('sessionPersistence')),
  };
}

const LARGEST_MATCHES = 128;
