import type { PolicyKey, RequestAction } from '../../model/index.ts';

/** What decided. Indexes count from 0 as in the policy; the sentence counts from 1 for people. */
export interface RequestExplanation {
  /** Undefined where no one policy decided. */
  readonly policy: PolicyKey | undefined;
  readonly rule: number | undefined;
  /** Which of the rule's `from` and `to` held. */
  readonly source: number | undefined;
  readonly operation: number | undefined;
  /** The ALLOW policies of which none matched, where that decided. */
  readonly unmatched?: readonly PolicyKey[] | undefined;
  /**
   * One line for logs and dashboards: policy, rule, who asked for what; where nothing allowed, the rule that was nearest
   * and what of it failed. Made when first read. Not for clients: it tells what policies look for.
   */
  readonly sentence: string;
  /** Of a refusal: what would have let it through, for an operator. Made when first read. */
  readonly remedy?: string | undefined;
}

/** A policy that matched without deciding. */
export interface MatchedPolicy {
  readonly policy: PolicyKey;
  readonly rule: number;
}

/** Somebody who must be asked, and because of which policy. */
export interface AuthorizerNeed extends MatchedPolicy {
  readonly provider: string;
}

/** What one dry-run policy would have done. */
export interface RequestDryRunOutcome {
  readonly policy: PolicyKey;
  readonly action: RequestAction['kind'];
  readonly matched: boolean;
  readonly rule: number | undefined;
  /** The verdict if this policy were enforced in addition to those that are; of an authorizer's answer nothing is known. */
  readonly verdict: 'allow' | 'deny';
  readonly differs: boolean;
  readonly sentence: string;
}

/**
 * `custom-needed`: `authorizers` must all let the request through first; then ask again with `authorized`. Dry runs are
 * in the last answer, audits in the first.
 */
export interface RequestDecision {
  readonly verdict: 'allow' | 'deny' | 'custom-needed';
  readonly reason: RequestExplanation;
  /** Each once; empty unless the verdict is `custom-needed`. */
  readonly authorizers: readonly AuthorizerNeed[];
  readonly dryRun: readonly RequestDryRunOutcome[];
  /** AUDIT policies that matched. */
  readonly audits: readonly MatchedPolicy[];
}
