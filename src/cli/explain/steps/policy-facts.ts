import type { AuthorizationPolicy, PolicyKey, RequestPolicy } from '../../../model/index.ts';
import {
  appraiseL4,
  appraiseL7,
  type Decision,
  type L4Attributes,
  nearestRule,
  type RequestAttributes,
  type RequestDecision,
} from '../../../policy/index.ts';
import type { World } from '../../world/index.ts';
import type { PolicyFact } from '../explanation.ts';

/** What each policy of a pod did with a connection. */
export function l4Facts(
  world: World,
  {
    policies,
    missing,
    attributes,
    decision,
    strict,
  }: {
    readonly policies: readonly AuthorizationPolicy[];
    readonly missing: readonly PolicyKey[];
    readonly attributes: L4Attributes;
    readonly decision: Decision;
    /** PeerAuthentications that say STRICT here. */
    readonly strict: readonly string[];
  },
): readonly PolicyFact[] {
  const known = policies.map((policy): PolicyFact => {
    const nearest = nearestRule(appraiseL4(policy, attributes));
    const isDeciding = decision.reason.policy === policy.key;
    const matched = nearest?.unmet.length === 0;
    return {
      policy: writtenName(world, policy, strict),
      kind:
        world.collections.policies.get(policy.key) === undefined
          ? 'PeerAuthentication'
          : 'AuthorizationPolicy',
      action: policy.action === 'allow' ? 'ALLOW' : 'DENY',
      dryRun: policy.dryRun,
      effect: effectOf(policy.action, { matched, isDeciding, dryRun: policy.dryRun }),
      rule: (nearest?.rule ?? -1) + 1,
      unmet: nearest?.unmet ?? [],
      wouldBe: wouldBe(decision.dryRun.find((outcome) => outcome.policy === policy.key)),
    };
  });
  const absent = missing.map(
    (policy): PolicyFact => ({
      policy,
      kind: 'AuthorizationPolicy',
      action: 'DENY',
      dryRun: false,
      effect: 'not received',
      rule: 0,
      unmet: [],
      wouldBe: '',
    }),
  );
  return [...known, ...absent];
}

/** As its author calls it: what a PeerAuthentication becomes has a name of its own. */
function writtenName(
  { collections }: World,
  { key, namespace, name }: AuthorizationPolicy,
  strict: readonly string[],
): string {
  if (collections.policies.get(key) !== undefined) return key;
  const own = name.replace(/^converted_peer_authentication_/, '');
  if (own !== name) return `${namespace}/${own}`;
  return strict.length === 0 ? key : strict.join(' or ');
}

/** The same of a waypoint's, for a request or a connection. */
export function l7Facts(
  policies: readonly RequestPolicy[],
  { attributes, decision }: { readonly attributes: RequestAttributes; readonly decision: RequestDecision },
): readonly PolicyFact[] {
  return policies.map((policy): PolicyFact => {
    const { kind } = policy.action;
    const nearest = nearestRule(appraiseL7(policy, attributes));
    const matched = nearest?.unmet.length === 0;
    const isDeciding = decision.reason.policy === policy.key;
    return {
      policy: policy.key,
      kind: 'AuthorizationPolicy',
      action: ACTIONS[kind],
      dryRun: policy.dryRun,
      effect: effectOf(kind, { matched, isDeciding, dryRun: policy.dryRun }),
      rule: (nearest?.rule ?? -1) + 1,
      unmet: nearest?.unmet ?? [],
      wouldBe: wouldBe(decision.dryRun.find((outcome) => outcome.policy === policy.key)),
    };
  });
}

function effectOf(
  action: RequestPolicy['action']['kind'],
  {
    matched,
    isDeciding,
    dryRun,
  }: { readonly matched: boolean; readonly isDeciding: boolean; readonly dryRun: boolean },
): PolicyFact['effect'] {
  if (!matched) return 'no match';
  if (dryRun) return 'matched';
  switch (action) {
    case 'allow':
      return isDeciding ? 'allowed' : 'matched';
    case 'deny':
      return 'denied';
    case 'audit':
      return 'noted';
    case 'custom':
      return 'asks';
  }
}

function wouldBe(outcome: { readonly differs: boolean; readonly verdict: string } | undefined): string {
  if (outcome === undefined) return '';
  return outcome.differs ? `would ${outcome.verdict} it` : 'would change nothing';
}

const ACTIONS = { allow: 'ALLOW', deny: 'DENY', audit: 'AUDIT', custom: 'CUSTOM' } as const;
