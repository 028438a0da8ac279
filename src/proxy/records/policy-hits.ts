/** What one policy has decided since the process started, and as a dry run what enforcing it would change. */
export interface HitCounts {
  readonly allowed: number;
  readonly denied: number;
  readonly wouldDeny: number;
  readonly wouldAllow: number;
}

/** What decided, as far as counting it goes. */
export interface CountedDecision {
  readonly verdict: 'allow' | 'deny';
  /** Undefined where no one policy decided. */
  readonly policy: string | undefined;
  /** ALLOW policies of which none matched: each of them has denied. */
  readonly unmatched?: readonly string[] | undefined;
}

/** Counts decisions by `namespace/name` of the policy. */
export interface PolicyHits {
  decided(decision: CountedDecision): void;
  dryRun(outcome: {
    readonly policy: string;
    readonly verdict: 'allow' | 'deny';
    readonly differs: boolean;
  }): void;
  of(policy: string): HitCounts;
  /** Forgets policies that are gone, given those that are there. */
  keepOnly(policies: ReadonlySet<string>): void;
}

/** `most`: policies counted at once; further ones are not counted. Default 10,000. */
export function createPolicyHits(most = 10_000): PolicyHits {
  const counts = new Map<string, { -readonly [Name in keyof HitCounts]: number }>();

  function add(policy: string, what: keyof HitCounts): void {
    const known = counts.get(policy);
    if (known !== undefined) known[what] += 1;
    else if (counts.size < most) counts.set(policy, { ...NOTHING, [what]: 1 });
  }

  return {
    decided({ verdict, policy, unmatched = [] }) {
      const what = verdict === 'allow' ? 'allowed' : 'denied';
      if (policy !== undefined) add(policy, what);
      else for (const one of unmatched) add(one, what);
    },
    dryRun({ policy, verdict, differs }) {
      if (differs) add(policy, verdict === 'allow' ? 'wouldAllow' : 'wouldDeny');
    },
    of: (policy) => counts.get(policy) ?? NOTHING,
    keepOnly(policies) {
      for (const policy of counts.keys()) if (!policies.has(policy)) counts.delete(policy);
    },
  };
}

const NOTHING: HitCounts = { allowed: 0, denied: 0, wouldDeny: 0, wouldAllow: 0 };
