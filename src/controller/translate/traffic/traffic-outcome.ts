import { type Attachment, attachmentId, type TrafficPolicy } from '../../../model/index.ts';

/** What becomes of a TrafficPolicy or XBackendTrafficPolicy. */
export interface TrafficOutcome {
  /** Undefined: nothing of it is in force. */
  readonly policy: TrafficPolicy | undefined;
  readonly condition: TrafficCondition;
}

/** The condition Accepted, in the words of the Gateway API (GEP-713). */
export interface TrafficCondition {
  readonly status: 'True' | 'False';
  readonly reason: 'Accepted' | 'Invalid' | 'TargetNotFound' | 'Conflicted';
  readonly message: string;
}

/** Where policies of one kind would be in each other's way. */
export function targetSlot(kind: TrafficPolicy['kind'], attachment: Attachment): string {
  return `${kind} ${attachmentId(attachment)}`;
}

/** Takes from a policy what an older one has already, and says so. `rivals`: all policies with the target. */
export function settleConflicts(
  outcome: TrafficOutcome,
  rivals: (slot: string) => readonly TrafficPolicy[],
): TrafficOutcome {
  const { policy, condition } = outcome;
  if (policy === undefined) return outcome;
  const lost = new Map<Attachment, TrafficPolicy>();
  for (const attachment of policy.attachments) {
    const first = rivals(targetSlot(policy.kind, attachment)).reduce(
      (best, rival) => (precedes(rival, best) ? rival : best),
      policy,
    );
    if (first.key !== policy.key) lost.set(attachment, first);
  }
  if (lost.size === 0) return outcome;
  const left = policy.attachments.filter((attachment) => !lost.has(attachment));
  const winners = [...new Set([...lost.values()].map(({ name }) => name))].sort();
  const rest = left.length > 0 ? '; it holds for its other targets' : '';
  return {
    policy: left.length === 0 ? undefined : { ...policy, attachments: left },
    condition: {
      ...condition,
      status: 'False',
      reason: 'Conflicted',
      message: `${winners.join(', ')}, older, has the same target${lost.size === 1 ? '' : 's'}${rest}`,
    },
  };
}

/** The older first, then by name (Gateway API, conflict resolution). */
function precedes(a: TrafficPolicy, b: TrafficPolicy): boolean {
  return a.createdMs === b.createdMs ? a.key < b.key : a.createdMs < b.createdMs;
}
