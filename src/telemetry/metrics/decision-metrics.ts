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
  /** A connection that came round a waypoint. */
  bypassed(bypass: {
    /** Hostname of the service whose waypoint it is, and its namespace; empty for a pod's own. */
    readonly service: string;
    readonly serviceNamespace: string;
    readonly workload: string;
    readonly workloadNamespace: string;
    readonly mutualTls: boolean;
    readonly outcome: 'allowed' | 'refused';
  }): void;
  dryRun(outcome: {
    readonly policy: string;
    readonly verdict: 'allow' | 'deny';
    readonly differs: boolean;
  }): void;
}

/** Registers its metrics. Once for each registry. */
export function createDecisionMetrics(registry: MetricsRegistry): DecisionMetrics {
  const refusals = makeCounter(registry, METRICS.refusals);
  const outcomes = makeCounter(registry, METRICS.dryRun);
  const bypasses = makeCounter(registry, METRICS.waypointBypass);
  /** Reasons and policies of refusals come from peers too, and one of these may be anybody's by now. */
  const known = new Set<string>();
  const isKnown = (reason: string, policy: string): boolean => {
    const key = `${reason} ${policy}`;
    if (known.has(key)) return true;
    if (known.size >= MOST_REASONS) return false;
    known.add(key);
    return true;
  };
  return {
    refused({ reporter, reason, policy = '' }) {
      refusals.inc(
        isKnown(reason, policy)
          ? { reporter, reason, policy }
          : { reporter, reason: 'other', policy: 'other' },
      );
    },
    bypassed: (bypass) =>
      bypasses.inc({
        destination_service: bypass.service,
        destination_service_namespace: bypass.serviceNamespace,
        destination_workload: bypass.workload,
        destination_workload_namespace: bypass.workloadNamespace,
        connection_security_policy: bypass.mutualTls ? 'mutual_tls' : 'unknown',
        outcome: bypass.outcome,
      }),
    dryRun: ({ policy, verdict, differs }) => outcomes.inc({ policy, verdict, differs: String(differs) }),
  };
}

const MOST_REASONS = 1_000;
