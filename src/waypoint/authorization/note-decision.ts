import type { Logger } from '../../base/index.ts';
import type { RequestDecision, RequestDryRunOutcome } from '../../policy/index.ts';
import type { JudgedParties } from './attributes.ts';
import { deniedByPolicy } from './denial.ts';

/** Who hears what policies have come to. */
export interface DecisionListeners {
  readonly log: Logger;
  /** What policies that are not enforced would have done; of every request and connection that was judged to the end. */
  readonly onDryRun?: ((outcome: RequestDryRunOutcome) => void) | undefined;
  /** Every judgement, when it is final. */
  readonly onDecided?: ((verdict: 'allow' | 'deny', reason: RequestDecision['reason']) => void) | undefined;
}

/** Logs what AUDIT policies matched. */
export function noteAudits(
  { audits }: RequestDecision,
  { client, dialled }: JudgedParties,
  { log }: DecisionListeners,
): void {
  for (const { policy, rule } of audits)
    log.info('matched by a policy with the action AUDIT', {
      policy,
      rule,
      source: client.identity.id,
      sourceAddress: client.address,
      destination: dialled.service?.hostname ?? dialled.address,
      port: dialled.port,
    });
}

/** The end of a judgement. Throws ERR_WAYPOINT_DENIED. */
export function conclude(decision: RequestDecision, { onDryRun, onDecided }: DecisionListeners): void {
  onDecided?.(decision.verdict === 'deny' ? 'deny' : 'allow', decision.reason);
  if (onDryRun !== undefined) for (const outcome of decision.dryRun) onDryRun(outcome);
  if (decision.verdict === 'deny') throw deniedByPolicy(decision.reason);
}
