import { METRICS } from './metric-table.ts';
import { makeCounter, type MetricsRegistry } from './registry.ts';

/** Why connections were refused, and what dry-run policies would have done. */
export interface DecisionMetrics {
  refused(refusal: {
    readonly reporter: 'source' | 'destination' | 'waypoint';
    /** An error code or a reason of a closed list: never text with names in it. */
    readonly reason: string;
    /** The policy that decided, where one did. */
    readonly policy?: string | undefined;
  }): void;
  dryRun(outcome: {
    readonly policy: string;
    readonly verdict: 'allow' | 'deny';
    readonly differs: boolean;
  }): void;
}

/** Registers both metrics. Once for each registry. */
export function createDecisionMetrics(registry: MetricsRegistry): DecisionMetrics {
  const refusals = makeCounter(registry, METRICS.refusals);
  const outcomes = makeCounter(registry, METRICS.dryRun);
  return {
    refused: ({ reporter, reason, policy }) => refusals.inc({ reporter, reason, policy: policy ?? '' }),
    dryRun: ({ policy, verdict, differs }) => outcomes.inc({ policy, verdict, differs: String(differs) }),
  };
}
