import type { PolicyKey } from '../model/index.ts';

/**
 * What decided. Indexes count from 0 as in the policy; the sentence counts from 1 for people. They are undefined where
 * no one policy decided (nothing applied, or ALLOW policies exist and none of them allowed).
 */
export interface Explanation {
  readonly policy: PolicyKey | undefined;
  readonly rule: number | undefined;
  /** The first clause that had matches to try, and which of them held. A rule without clauses has neither. */
  readonly clause: number | undefined;
  readonly match: number | undefined;
  /** The ALLOW policies of which none matched, where that decided. */
  readonly unmatched?: readonly PolicyKey[] | undefined;
  /** One line for logs and dashboards, with policy, identity and port. Made when first read. */
  readonly sentence: string;
  /** Of a refusal: what would have let it through, for an operator. Made when first read. */
  readonly remedy?: string | undefined;
}

/** What one dry-run policy would have done. */
export interface DryRunOutcome extends Explanation {
  readonly policy: PolicyKey;
  readonly action: 'allow' | 'deny';
  readonly matched: boolean;
  /** The verdict if this policy were enforced in addition to those that are. */
  readonly verdict: 'allow' | 'deny';
  /** True when that differs from the real verdict. */
  readonly differs: boolean;
}

/**
 * `wait`: a policy that the workload names is not here yet, and it may decide. Hold the connection until the view
 * changes, up to 5 s, then refuse it with this same reason (design.md, Fail closed).
 */
export interface Decision {
  readonly verdict: 'allow' | 'deny' | 'wait';
  readonly reason: Explanation;
  /** One for each dry-run policy; empty where there is none, and while waiting. */
  readonly dryRun: readonly DryRunOutcome[];
}
