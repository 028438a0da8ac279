import type { AuthorizationPolicy, PolicyKey } from '../model/index.ts';
import type { L4Attributes } from './attributes.ts';
import { type Judged, judge } from './compile-match.ts';
import { type CompiledPolicy, compilePolicy } from './compile-policy.ts';
import type { Decision, DryRunOutcome, Explanation } from './decision.ts';
import {
  ALLOWED_BY_DEFAULT,
  explainAllowed,
  explainDenied,
  explainMissing,
  explainNoneAllowed,
} from './explain.ts';

/** One connection to one workload. */
export interface L4Question {
  /** As `MeshView.policiesFor` gives them: the array's identity keys what is prepared from it. */
  readonly policies: readonly AuthorizationPolicy[];
  readonly missing: readonly PolicyKey[];
  readonly attributes: L4Attributes;
}

/** The policies that judge one workload, sorted by what they do. */
interface PolicySet {
  readonly deny: readonly CompiledPolicy[];
  readonly allow: readonly CompiledPolicy[];
  readonly dryRun: readonly CompiledPolicy[];
}

interface Verdict {
  readonly verdict: 'allow' | 'deny';
  readonly reason: Explanation;
}

const prepared = new WeakMap<readonly AuthorizationPolicy[], PolicySet>();
const NO_OUTCOMES: readonly DryRunOutcome[] = [];
const ALLOWED: Decision = { verdict: 'allow', reason: ALLOWED_BY_DEFAULT, dryRun: NO_OUTCOMES };

/**
 * Judges one connection (wire.md §4.1): a matching DENY denies; without ALLOW policies all else is allowed; with some,
 * one of them must match. A named policy that is missing makes the verdict `wait`, unless a DENY has already decided.
 */
export function decideL4({ policies, missing, attributes }: L4Question): Decision {
  if (policies.length === 0 && missing.length === 0) return ALLOWED;
  const set = policySet(policies);
  const judged = judge(attributes);
  const denied = firstDeny(set.deny, judged);
  if (denied === undefined && missing.length > 0)
    return { verdict: 'wait', reason: explainMissing(missing, attributes), dryRun: NO_OUTCOMES };
  const real = denied ?? allowOrNot(set.allow, judged);
  return {
    verdict: real.verdict,
    reason: real.reason,
    dryRun:
      set.dryRun.length === 0 ? NO_OUTCOMES : set.dryRun.map((policy) => outcomeOf(policy, real, judged)),
  };
}

function policySet(policies: readonly AuthorizationPolicy[]): PolicySet {
  const known = prepared.get(policies);
  if (known !== undefined) return known;
  const enforced = policies.filter((policy) => !policy.dryRun);
  const made: PolicySet = {
    deny: enforced.filter((policy) => policy.action === 'deny').map(compilePolicy),
    allow: enforced.filter((policy) => policy.action === 'allow').map(compilePolicy),
    dryRun: policies.filter((policy) => policy.dryRun).map(compilePolicy),
  };
  prepared.set(policies, made);
  return made;
}

function firstDeny(deny: readonly CompiledPolicy[], judged: Judged): Verdict | undefined {
  for (const { policy, evaluate } of deny) {
    const held = evaluate(judged);
    if (held !== undefined)
      return { verdict: 'deny', reason: explainDenied(policy, held, judged.attributes) };
  }
  return undefined;
}

function allowOrNot(allow: readonly CompiledPolicy[], judged: Judged): Verdict {
  if (allow.length === 0) return { verdict: 'allow', reason: ALLOWED_BY_DEFAULT };
  for (const { policy, evaluate } of allow) {
    const held = evaluate(judged);
    if (held !== undefined)
      return { verdict: 'allow', reason: explainAllowed(policy, held, judged.attributes) };
  }
  const keys = allow.map(({ policy }) => policy);
  return { verdict: 'deny', reason: explainNoneAllowed(keys, judged.attributes) };
}

function outcomeOf(compiled: CompiledPolicy, real: Verdict, judged: Judged): DryRunOutcome {
  const { policy } = compiled;
  const held = compiled.evaluate(judged);
  const would = withPolicy(compiled, held !== undefined, real);
  const explanation =
    held === undefined
      ? explainNoneAllowed([policy], judged.attributes)
      : policy.action === 'deny'
        ? explainDenied(policy, held, judged.attributes)
        : explainAllowed(policy, held, judged.attributes);
  const differs = would !== real.verdict;
  return {
    policy: policy.key,
    action: policy.action,
    matched: held !== undefined,
    verdict: would,
    differs,
    rule: held?.rule,
    clause: held?.clause,
    match: held?.match,
    get sentence() {
      const effect = differs
        ? `would ${would} what is now ${real.verdict === 'deny' ? 'denied' : 'allowed'}`
        : 'would change nothing';
      const because =
        held === undefined && policy.action === 'deny' ? 'it does not match' : explanation.sentence;
      return `dry run of ${policy.key} ${effect}: ${because}`;
    },
  };
}

/** What the verdict would be with one more policy enforced. */
function withPolicy({ policy }: CompiledPolicy, matched: boolean, real: Verdict): 'allow' | 'deny' {
  if (policy.action === 'deny') return matched ? 'deny' : real.verdict;
  // One more ALLOW can open what only the others' silence closed, never what a DENY closed.
  const explicitlyDenied = real.verdict === 'deny' && real.reason.policy !== undefined;
  if (explicitlyDenied) return 'deny';
  if (matched) return 'allow';
  const allowedByAnother = real.verdict === 'allow' && real.reason.policy !== undefined;
  return allowedByAnother ? 'allow' : 'deny';
}
