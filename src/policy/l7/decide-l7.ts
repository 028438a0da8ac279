import type { RequestPolicy } from '../../model/index.ts';
import type { RequestAttributes } from './attributes.ts';
import { type CompiledRequestPolicy, compileRequestPolicy } from './compile-rule.ts';
import { dryRunOutcome, type EnforcedVerdict } from './dry-run.ts';
import {
  explainDenial,
  explainNeed,
  explainNoPermission,
  explainPermission,
  NOTHING_AGAINST,
} from './explain-request.ts';
import { type JudgedRequest, judgeRequest } from './judged-request.ts';
import type { AuthorizerNeed, MatchedPolicy, RequestDecision } from './request-decision.ts';

/** One request, or one plain connection (`attributes.http` undefined). */
export interface L7Question {
  /** All that are attached to what was dialled: the array's identity keys what is prepared from it. */
  readonly policies: readonly RequestPolicy[];
  readonly attributes: RequestAttributes;
  /** The authorizers that CUSTOM policies ask for have all let it through. Default false. */
  readonly authorized?: boolean;
}

/** The policies of one target, sorted by what they do. */
interface PolicySet {
  readonly custom: readonly CompiledRequestPolicy[];
  readonly deny: readonly CompiledRequestPolicy[];
  readonly allow: readonly CompiledRequestPolicy[];
  readonly audit: readonly CompiledRequestPolicy[];
  readonly dryRun: readonly CompiledRequestPolicy[];
}

const prepared = new WeakMap<readonly RequestPolicy[], PolicySet>();
const NONE: readonly never[] = [];
const ALLOWED: RequestDecision = {
  verdict: 'allow',
  reason: NOTHING_AGAINST,
  authorizers: NONE,
  dryRun: NONE,
  audits: NONE,
};

/**
 * Judges a request in Istio's order: whoever a CUSTOM policy matches needs an authorizer's word first, a matching DENY
 * denies, without ALLOW policies all else is allowed, and with some one of them must match. On a plain connection the
 * parts of rules that look at HTTP never hold for ALLOW and always do for the others.
 */
export function decideL7({ policies, attributes, authorized = false }: L7Question): RequestDecision {
  if (policies.length === 0) return ALLOWED;
  const set = policySet(policies);
  const judged = judgeRequest(attributes);
  const audits = authorized ? NONE : matching(set.audit, judged);
  const needed = authorized ? undefined : authorizerNeeds(set.custom, judged);
  if (needed !== undefined) return { verdict: 'custom-needed', ...needed, dryRun: NONE, audits };
  const enforced = firstDenial(set.deny, judged) ?? permission(set.allow, judged);
  return {
    verdict: enforced.verdict,
    reason: enforced.reason,
    authorizers: NONE,
    dryRun:
      set.dryRun.length === 0 ? NONE : set.dryRun.map((policy) => dryRunOutcome(policy, enforced, judged)),
    audits,
  };
}

function policySet(policies: readonly RequestPolicy[]): PolicySet {
  const known = prepared.get(policies);
  if (known !== undefined) return known;
  const enforced = policies.filter((policy) => !policy.dryRun);
  const of = (kind: RequestPolicy['action']['kind']) =>
    enforced.filter(({ action }) => action.kind === kind).map(compileRequestPolicy);
  const made: PolicySet = {
    custom: of('custom'),
    deny: of('deny'),
    allow: of('allow'),
    audit: of('audit'),
    dryRun: policies.filter((policy) => policy.dryRun).map(compileRequestPolicy),
  };
  prepared.set(policies, made);
  return made;
}

/** Every authorizer once; the reason is the first policy that asks for one. */
function authorizerNeeds(
  custom: readonly CompiledRequestPolicy[],
  judged: JudgedRequest,
): Pick<RequestDecision, 'reason' | 'authorizers'> | undefined {
  const needs = new Map<string, AuthorizerNeed>();
  let reason: RequestDecision['reason'] | undefined;
  for (const { policy, evaluate } of custom) {
    if (policy.action.kind !== 'custom' || needs.has(policy.action.provider)) continue;
    const held = evaluate(judged);
    if (held === undefined) continue;
    const { provider } = policy.action;
    needs.set(provider, { provider, policy: policy.key, rule: held.rule });
    reason ??= explainNeed(policy, held, judged.attributes);
  }
  return reason && { reason, authorizers: [...needs.values()] };
}

function firstDenial(
  deny: readonly CompiledRequestPolicy[],
  judged: JudgedRequest,
): EnforcedVerdict | undefined {
  for (const { policy, evaluate } of deny) {
    const held = evaluate(judged);
    if (held !== undefined)
      return { verdict: 'deny', reason: explainDenial(policy, held, judged.attributes) };
  }
  return undefined;
}

function permission(allow: readonly CompiledRequestPolicy[], judged: JudgedRequest): EnforcedVerdict {
  if (allow.length === 0) return { verdict: 'allow', reason: NOTHING_AGAINST };
  for (const { policy, evaluate } of allow) {
    const held = evaluate(judged);
    if (held !== undefined)
      return { verdict: 'allow', reason: explainPermission(policy, held, judged.attributes) };
  }
  return { verdict: 'deny', reason: explainNoPermission(allow, judged) };
}

function matching(audit: readonly CompiledRequestPolicy[], judged: JudgedRequest): readonly MatchedPolicy[] {
  if (audit.length === 0) return NONE;
  return audit.flatMap(({ policy, evaluate }) => {
    const held = evaluate(judged);
    return held === undefined ? [] : [{ policy: policy.key, rule: held.rule }];
  });
}
