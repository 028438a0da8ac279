import { isIP } from 'node:net';
import type { Field } from '../fields/index.ts';
import { type ObjectMeta, parseObjectMeta } from '../object-meta.ts';
import { HOSTNAME } from './name-rules.ts';
import {
  createRuleNames,
  type ParentReference,
  parseParentReferences,
  parseReportingControllers,
  parseWeightedBackendReference,
  type WeightedBackendReference,
} from './route/index.ts';

/** gateway.networking.k8s.io TCPRoute or TLSRoute, the defaults filled in. */
export interface StreamRouteObject {
  readonly kind: 'TCPRoute' | 'TLSRoute';
  /** The version that the object was written in. */
  readonly apiVersion: string;
  readonly meta: ObjectMeta;
  readonly parentRefs: readonly ParentReference[];
  /** Server names of a TLSRoute; empty: any. Always empty for a TCPRoute. */
  readonly hostnames: readonly string[];
  readonly rules: readonly StreamRouteRule[];
  /** Controllers that have written to its status. */
  readonly reportedBy: readonly string[];
}

/** One rule of a TCPRoute or TLSRoute. */
export interface StreamRouteRule {
  /** Empty: it has none. */
  readonly name: string;
  readonly backendRefs: readonly WeightedBackendReference[];
}

/** Accepts exactly what the CustomResourceDefinition does for the object's own version. */
export function parseTcpRoute(root: Field, defaultNamespace: string): StreamRouteObject {
  const rest = parseStreamRoute(root, defaultNamespace, ['parentRefs', 'rules', 'useDefaultGateways']);
  return { kind: 'TCPRoute', ...rest, hostnames: [] };
}

/** Accepts exactly what the CustomResourceDefinition does for the object's own version. */
export function parseTlsRoute(root: Field, defaultNamespace: string): StreamRouteObject {
  const members = ['parentRefs', 'hostnames', 'rules', 'useDefaultGateways'];
  const rest = parseStreamRoute(root, defaultNamespace, members);
  return { kind: 'TLSRoute', ...rest, hostnames: parseServerNames(root) };
}

function parseStreamRoute(
  root: Field,
  defaultNamespace: string,
  members: readonly string[],
): Omit<StreamRouteObject, 'kind' | 'hostnames'> {
  const meta = parseObjectMeta(root, { fallback: defaultNamespace });
  const spec = root.key('spec').required().object(members);
  spec.key('useDefaultGateways').oneOf(['All', 'None']);
  const nameOf = createRuleNames();
  return {
    apiVersion: root.key('apiVersion').text() ?? '',
    meta,
    parentRefs: parseParentReferences(spec.key('parentRefs')),
    rules: spec
      .key('rules')
      .required()
      .items(isOld(root) ? 16 : 1, 1)
      .map((item) => parseRule(item, nameOf)),
    reportedBy: parseReportingControllers(root),
  };
}

function parseRule(field: Field, nameOf: (rule: Field) => string): StreamRouteRule {
  field.required().object(['name', 'backendRefs']);
  return {
    name: nameOf(field),
    backendRefs: field
      .key('backendRefs')
      .required()
      .items(16, 1)
      .map((item) => parseWeightedBackendReference(item)),
  };
}

function parseServerNames(root: Field): readonly string[] {
  const field = root.key('spec').key('hostnames');
  if (isOld(root)) return field.texts({ ...HOSTNAME, maxItems: 1024 });
  return field
    .required()
    .items(1024, 1)
    .flatMap((item) => {
      const name = item.required().text(HOSTNAME) ?? [];
      if (typeof name === 'string' && isIP(name) !== 0) item.issue('a hostname, not an address');
      return name;
    });
}

function isOld(root: Field): boolean {
  return root.key('apiVersion').value === 'gateway.networking.k8s.io/v1alpha2';
}
