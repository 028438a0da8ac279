import { type AuthorizationPolicy, type Clause, policyKey, type Rule } from '../../model/index.ts';
import type { AuthorizationPolicyObject, LabelSelector, PolicyRule } from '../objects/index.ts';
import type { MeshSettings } from './mesh-settings.ts';
import { matchCondition, matchOperation, matchSource, type PartialMatch } from './policy-match.ts';
import { DRY_RUN, isTrue, readTwin } from './twin-name.ts';

/** What becomes of a policy at the node proxies. */
export interface TranslatedPolicy {
  /** Undefined: nothing of it is for them. */
  readonly policy: AuthorizationPolicy | undefined;
  /** Which pods of the policy's namespace list it; undefined: it holds by its scope. */
  readonly selector: LabelSelector | undefined;
  /** What its author should know; undefined: it does what it says, or is for waypoints. */
  readonly warning: PolicyWarning | undefined;
}

/** What of a policy is not enforced as it was written; for its status. */
export interface PolicyWarning {
  readonly reason: 'UnsupportedValue' | 'Invalid';
  readonly message: string;
}

/**
 * An ALLOW rule with any HTTP part is left out, a DENY rule keeps its L4 part: both restrict more than was asked, never
 * less. Values that cannot be read are decided the same way: they make an ALLOW match nothing and a DENY match all.
 */
export function translateAuthorizationPolicy(
  object: AuthorizationPolicyObject,
  settings: MeshSettings,
): TranslatedPolicy {
  if (object.targetRefs.length > 0) return { policy: undefined, selector: undefined, warning: undefined };
  if (object.action !== 'ALLOW' && object.action !== 'DENY') {
    const message = `ztunnel does not support the ${object.action} action`;
    return { policy: undefined, selector: undefined, warning: { reason: 'UnsupportedValue', message } };
  }
  const { meta, selector } = object;
  const action = object.action === 'ALLOW' ? 'allow' : 'deny';
  const rules = object.rules.map((rule) => translateRule(rule, { action, namespace: meta.namespace }));
  const policy: AuthorizationPolicy = {
    key: policyKey(meta.namespace, meta.name),
    name: meta.name,
    namespace: meta.namespace,
    scope: scopeOf(meta.namespace, selector, settings),
    action,
    rules: rules.flatMap(({ rule }) => rule ?? []),
    dryRun: isTrue(readTwin(meta.annotations, DRY_RUN)),
  };
  return {
    policy,
    selector,
    warning: warningOf(policy, [...new Set(rules.flatMap(({ http }) => http))].sort(), [
      ...new Set(rules.flatMap(({ unreadable }) => unreadable)),
    ]),
  };
}

/** A policy that could not be understood: it refuses everything to whatever it selects, instead of vanishing. */
export function denyAllPolicy(
  name: { readonly name: string; readonly namespace: string },
  selector: LabelSelector | undefined,
  settings: MeshSettings,
  notUnderstood: string,
): AuthorizationPolicy {
  return {
    key: policyKey(name.namespace, name.name),
    name: name.name,
    namespace: name.namespace,
    scope: scopeOf(name.namespace, selector, settings),
    action: 'deny',
    // A rule without clauses holds for every connection.
    rules: [{ clauses: [] }],
    dryRun: false,
    notUnderstood,
  };
}

function scopeOf(
  namespace: string,
  selector: LabelSelector | undefined,
  settings: MeshSettings,
): AuthorizationPolicy['scope'] {
  if (selector !== undefined) return 'workload-selector';
  return namespace === settings.rootNamespace ? 'global' : 'namespace';
}

interface TranslatedRule {
  readonly rule: Rule | undefined;
  readonly http: readonly string[];
  readonly unreadable: readonly string[];
}

function translateRule(
  rule: PolicyRule,
  policy: { readonly action: 'allow' | 'deny'; readonly namespace: string },
): TranslatedRule {
  const parts: (readonly PartialMatch[])[] = [
    rule.to.map(matchOperation),
    rule.from.map((source) => matchSource(source, policy.namespace)),
    ...rule.when.map((condition) => [matchCondition(condition)]),
  ].filter((part) => part.length > 0);
  const all = parts.flat();
  const http = all.flatMap((part) => part.http);
  const unreadable = all.flatMap((part) => part.unreadable);
  const clauses = parts.map((matches) => clauseOf(matches, policy.action));
  const impossible = clauses.includes(undefined) || (policy.action === 'allow' && http.length > 0);
  return {
    rule: impossible ? undefined : { clauses: clauses.flatMap((clause) => clause ?? []) },
    http,
    unreadable,
  };
}

/** Undefined: the clause can never hold, so neither can its rule. */
function clauseOf(parts: readonly PartialMatch[], action: 'allow' | 'deny'): Clause | undefined {
  const readable = parts.filter((part) => part.unreadable.length === 0);
  if (readable.length === parts.length) return { matches: parts.map(({ match }) => match) };
  // A clause without matches always holds.
  if (action === 'deny') return { matches: [] };
  return readable.length === 0 ? undefined : { matches: readable.map(({ match }) => match) };
}

function warningOf(
  policy: AuthorizationPolicy,
  http: readonly string[],
  unreadable: readonly string[],
): PolicyWarning | undefined {
  if (http.length > 0) {
    const found = `ztunnel does not support HTTP attributes (found: ${http.join(', ')})`;
    return { reason: 'UnsupportedValue', message: `${found}; ${consequenceOf(policy)}` };
  }
  if (unreadable.length === 0) return undefined;
  const values = unreadable.map((value) => JSON.stringify(value)).join(', ');
  const effect = policy.action === 'allow' ? 'match nothing' : 'match everything';
  return { reason: 'Invalid', message: `values that cannot be read (${values}) ${effect}` };
}

function consequenceOf(policy: AuthorizationPolicy): string {
  const fix = 'put the HTTP rules into a policy with targetRefs, for a waypoint to enforce';
  if (policy.action === 'allow') return `the rules with them allow nothing here; ${fix}`;
  return policy.rules.some(canHold)
    ? `their rules deny without looking at them, which is more than was asked; ${fix}`
    : `without them no rule is left that denies anything here; ${fix}`;
}

/** A match with nothing in it never holds, so a clause of such matches does not either. */
function canHold(rule: Rule): boolean {
  return rule.clauses.every(
    (clause) =>
      clause.matches.length === 0 ||
      clause.matches.some((match) => Object.values(match).some((list) => list.length > 0)),
  );
}
