import type { Field } from '../fields/index.ts';
import { type LabelSelector, parseWorkloadSelector } from '../label-selector.ts';
import { type ObjectMeta, parseObjectMeta } from '../object-meta.ts';
import { type PolicyTargetReference, parsePolicyTargets } from './policy-targets.ts';

/** What becomes of requests for which the policy holds. */
export type PolicyAction = 'ALLOW' | 'DENY' | 'AUDIT' | 'CUSTOM';

/** security.istio.io AuthorizationPolicy, its values as they were written. */
export interface AuthorizationPolicyObject {
  readonly kind: 'AuthorizationPolicy';
  readonly meta: ObjectMeta;
  /** Undefined: the whole namespace, or the whole mesh in the root namespace. */
  readonly selector: LabelSelector | undefined;
  readonly targetRefs: readonly PolicyTargetReference[];
  readonly action: PolicyAction;
  /** Who is asked, for CUSTOM; empty: nobody is named. */
  readonly provider: string;
  readonly rules: readonly PolicyRule[];
}

/** An absent `from`, `to` or `when` is an empty list. */
export interface PolicyRule {
  readonly from: readonly PolicySource[];
  readonly to: readonly PolicyOperation[];
  readonly when: readonly PolicyCondition[];
}

/** One entry of `from`: from whom; absent lists are empty. */
export type PolicySource = Readonly<Record<(typeof SOURCE_FIELDS)[number], readonly string[]>>;

/** One entry of `to`: to what; absent lists are empty. */
export type PolicyOperation = Readonly<Record<(typeof OPERATION_FIELDS)[number], readonly string[]>>;

/** One entry of `when`: what else must hold. */
export interface PolicyCondition {
  readonly key: string;
  readonly values: readonly string[];
  readonly notValues: readonly string[];
}

/**
 * Accepts what Istio's CustomResourceDefinition does (schema and CEL rules), and no unknown fields: a misspelt one would
 * change what the rule means without anybody seeing it.
 */
export function parseAuthorizationPolicy(root: Field, defaultNamespace: string): AuthorizationPolicyObject {
  const meta = parseObjectMeta(root, { fallback: defaultNamespace });
  const spec = root
    .key('spec')
    .object(['selector', 'targetRef', 'targetRefs', 'rules', 'action', 'provider']);
  return {
    kind: 'AuthorizationPolicy',
    meta,
    selector: parseWorkloadSelector(spec.key('selector')),
    targetRefs: parsePolicyTargets(spec),
    action: spec.key('action').oneOf(ACTIONS) ?? 'ALLOW',
    provider: spec.key('provider').object(['name']).key('name').text() ?? '',
    rules: spec.key('rules').items(512).map(parseRule),
  };
}

function parseRule(field: Field): PolicyRule {
  field.object(['from', 'to', 'when']);
  return {
    from: field.key('from').items(512).map(parseSource),
    to: field.key('to').items().map(parseOperation),
    when: field.key('when').items().map(parseCondition),
  };
}

function parseSource(field: Field): PolicySource {
  field.object(['source']);
  const source = field.key('source').object(SOURCE_FIELDS);
  const accounts = ['serviceAccounts', 'notServiceAccounts'].filter((name) => source.key(name).present);
  const others = ['principals', 'notPrincipals', 'namespaces', 'notNamespaces'].filter(
    (name) => source.key(name).present,
  );
  if (accounts.length > 0 && others.length > 0) {
    source.issue('serviceAccounts without namespaces or principals', [...accounts, ...others].join(' and '));
  }
  return listsOf(source, SOURCE_FIELDS, (name) =>
    name === 'serviceAccounts' || name === 'notServiceAccounts' ? { maxItems: 16, maxLength: 320 } : {},
  );
}

function parseOperation(field: Field): PolicyOperation {
  field.object(['operation']);
  return listsOf(field.key('operation').object(OPERATION_FIELDS), OPERATION_FIELDS, () => ({}));
}

function parseCondition(field: Field): PolicyCondition {
  field.object(['key', 'values', 'notValues']);
  return {
    key: field.key('key').required().text() ?? '',
    values: field.key('values').texts(),
    notValues: field.key('notValues').texts(),
  };
}

function listsOf<Name extends string>(
  field: Field,
  names: readonly Name[],
  rule: (name: Name) => { readonly maxItems?: number; readonly maxLength?: number },
): Readonly<Record<Name, readonly string[]>> {
  const lists = names.map((name) => [name, field.key(name).texts(rule(name))] as const);
  return Object.fromEntries(lists) as Record<Name, readonly string[]>;
}

const SOURCE_FIELDS = [
  'principals',
  'notPrincipals',
  'requestPrincipals',
  'notRequestPrincipals',
  'namespaces',
  'notNamespaces',
  'ipBlocks',
  'notIpBlocks',
  'remoteIpBlocks',
  'notRemoteIpBlocks',
  'serviceAccounts',
  'notServiceAccounts',
  'trustDomains',
  'notTrustDomains',
] as const;

const OPERATION_FIELDS = [
  'hosts',
  'notHosts',
  'ports',
  'notPorts',
  'methods',
  'notMethods',
  'paths',
  'notPaths',
] as const;

const ACTIONS = ['ALLOW', 'DENY', 'AUDIT', 'CUSTOM'] as const;
