import type { CompiledRequestPolicy, HeldRule } from './compile-rule.ts';
import { explainDenial, explainNoPermission, explainPermission } from './explain-request.ts';
import type { JudgedRequest } from './judged-request.ts';
import type { RequestDryRunOutcome, RequestExplanation } from './request-decision.ts';

/** What the policies that are enforced say. */
export interface EnforcedVerdict {
  readonly verdict: 'allow' | 'deny';
  readonly reason: RequestExplanation;
}

/**
 * What would be different if a policy of dry runs were enforced beside those that are. The sentence is made when it is
 * read.
 */
export function dryRunOutcome(
  compiled: CompiledRequestPolicy,
  enforced: EnforcedVerdict,
  judged: JudgedRequest,
): RequestDryRunOutcome {
  const { policy } = compiled;
  const held = compiled.evaluate(judged);
  const verdict = verdictWith(compiled, held !== undefined, enforced);
  const differs = verdict !== enforced.verdict;
  return {
    policy: policy.key,
    action: policy.action.kind,
    matched: held !== undefined,
    rule: held?.rule,
    verdict,
    differs,
    get sentence() {
      const effect = differs
        ? `would ${verdict} what is now ${enforced.verdict === 'deny' ? 'denied' : 'allowed'}`
        : 'would change nothing';
      return `dry run of ${policy.key} ${effect}: ${because(compiled, held, judged)}`;
    },
  };
}

function because(compiled: CompiledRequestPolicy, held: HeldRule | undefined, judged: JudgedRequest): string {
  const { policy } = compiled;
  switch (policy.action.kind) {
    case 'allow':
      return held === undefined
        ? explainNoPermission([compiled], judged).sentence
        : explainPermission(policy, held, judged.attributes).sentence;
    case 'deny':
      return held === undefined
        ? 'it does not match'
        : explainDenial(policy, held, judged.attributes).sentence;
    case 'audit':
      return held === undefined ? 'it does not match' : 'it would note the request';
    case 'custom':
      return held === undefined ? 'it does not match' : `it would ask ${policy.action.provider}`;
  }
}

/** What the verdict would be with one more policy enforced. */
function verdictWith(
  { policy }: CompiledRequestPolicy,
  matched: boolean,
  { verdict, reason }: EnforcedVerdict,
): 'allow' | 'deny' {
  const byOnePolicy = reason.policy !== undefined;
  switch (policy.action.kind) {
    case 'deny':
      return matched ? 'deny' : verdict;
    case 'allow':
      // One more ALLOW can open what only the others' silence closed, never what a DENY closed.
      if (verdict === 'deny' && byOnePolicy) return 'deny';
      return matched || (verdict === 'allow' && byOnePolicy) ? 'allow' : 'deny';
    case 'audit':
    case 'custom':
      return verdict;
  }
}
