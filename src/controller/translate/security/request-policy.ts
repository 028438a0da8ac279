import {
  type Attachment,
  policyKey,
  type RequestAction,
  type RequestPolicy,
  type RequestRule,
} from '../../../model/index.ts';
import type { AuthorizationPolicyObject, PolicyRule } from '../../objects/index.ts';
import { DRY_RUN, isTrue, readTwin } from '../twin-name.ts';
import {
  type TestContext,
  type TranslatedTests,
  testsOfCondition,
  testsOfOperation,
  testsOfSource,
} from './rules/index.ts';

/** What a policy depends on beside its object. */
export interface RequestPolicyContext {
  /** The mesh's own, then its aliases. */
  readonly trustDomains: readonly string[];
  readonly isProvider: (name: string) => boolean;
  readonly attachments: readonly Attachment[];
}

/** What waypoints are told, and what is wrong with it. */
export interface TranslatedRequestPolicy {
  readonly policy: RequestPolicy;
  /** Values that were decided on the safe side: they make ALLOW match nothing and the others everything. */
  readonly unreadable: readonly string[];
  /** Not empty: the policy is not understood, and refuses everything instead. */
  readonly problems: readonly string[];
}

/** A policy with targetRefs as waypoints enforce it. */
export function translateRequestPolicy(
  object: AuthorizationPolicyObject,
  context: RequestPolicyContext,
): TranslatedRequestPolicy {
  const action = actionOf(object);
  const { namespace } = object.meta;
  const tests: TestContext = { namespace, trustDomains: context.trustDomains };
  const rules = object.rules.map((rule, index) =>
    translateRule(rule, { path: `spec.rules[${index}]`, isAllow: action?.kind === 'allow', tests }),
  );
  const problems = [...actionProblems(object, context), ...rules.flatMap(({ problems: found }) => found)];
  const unreadable = [...new Set(rules.flatMap((rule) => rule.unreadable))];
  if (action === undefined || problems.length > 0)
    return { policy: refusingPolicy(object, context.attachments, problems), unreadable, problems };
  const policy = {
    ...headOf(object, context.attachments),
    action,
    rules: rules.flatMap(({ rule }) => rule ?? []),
  };
  return { policy, unreadable, problems };
}

/**
 * What stands in for a policy that cannot be understood: it refuses everything to what it is attached to. One that only
 * notes does that with everything, and one that is only tried out stays so.
 */
export function refusingPolicy(
  object: AuthorizationPolicyObject,
  attachments: readonly Attachment[],
  problems: readonly string[],
): RequestPolicy {
  return {
    ...headOf(object, attachments),
    notUnderstood: problems.join('; '),
    action: { kind: object.action === 'AUDIT' ? 'audit' : 'deny' },
    rules: [{ from: [], to: [], when: [] }],
  };
}

function headOf({ meta }: AuthorizationPolicyObject, attachments: readonly Attachment[]) {
  const { namespace, name, annotations } = meta;
  const dryRun = isTrue(readTwin(annotations, DRY_RUN));
  return { key: policyKey(namespace, name), namespace, name, attachments, dryRun };
}

function actionOf({ action, provider }: AuthorizationPolicyObject): RequestAction | undefined {
  switch (action) {
    case 'ALLOW':
      return { kind: 'allow' };
    case 'DENY':
      return { kind: 'deny' };
    case 'AUDIT':
      return { kind: 'audit' };
    case 'CUSTOM':
      return provider === '' ? undefined : { kind: 'custom', provider };
  }
}

function actionProblems(
  { action, provider }: AuthorizationPolicyObject,
  { isProvider }: RequestPolicyContext,
): readonly string[] {
  if (action !== 'CUSTOM') return [];
  if (provider === '') return ['spec.provider: expected the name of an extension provider, got none'];
  if (isProvider(provider)) return [];
  return [`spec.provider: MeshConfig has no external authorizer called ${JSON.stringify(provider)}`];
}

interface RuleContext {
  readonly path: string;
  readonly isAllow: boolean;
  readonly tests: TestContext;
}

interface TranslatedRule {
  /** Undefined: it can never hold. */
  readonly rule: RequestRule | undefined;
  readonly unreadable: readonly string[];
  readonly problems: readonly string[];
}

function translateRule(rule: PolicyRule, { path, isAllow, tests }: RuleContext): TranslatedRule {
  const from = rule.from.map((source) => testsOfSource(source, tests));
  const to = rule.to.map(testsOfOperation);
  const when = rule.when.map((condition) => testsOfCondition(condition, tests));
  const unreadable = [...from, ...to, ...when].flatMap((part) => part?.unreadable ?? []);
  const problems = [
    ...emptyParts(from, `${path}.from`, 'source'),
    ...emptyParts(to, `${path}.to`, 'operation'),
    ...rule.when.flatMap((condition, index) => {
      const place = `${path}.when[${index}]`;
      if (condition.values.length + condition.notValues.length === 0)
        return [`${place}: expected values or notValues, got neither`];
      return when[index] === undefined
        ? [`${place}.key: expected a key that is known here, got ${JSON.stringify(condition.key)}`]
        : [];
    }),
  ];
  const isPossible = !isAllow || unreadable.length === 0;
  return {
    rule: isPossible
      ? {
          from: from.map((part) => part.tests),
          to: to.map((part) => part.tests),
          when: when.flatMap((part) => part?.tests ?? []),
        }
      : undefined,
    unreadable,
    problems,
  };
}

/** Without anything in it, it would stand for everybody; nobody writes that on purpose, and Istio refuses it. */
function emptyParts(parts: readonly TranslatedTests[], path: string, name: string): readonly string[] {
  return parts.flatMap(({ tests, unreadable }, index) =>
    tests.length + unreadable.length === 0
      ? [`${path}[${index}].${name}: expected at least one field with values, got none`]
      : [],
  );
}
