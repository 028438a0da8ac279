import {
  type Attachment,
  attachmentId,
  type TrafficOverrides,
  type TrafficPolicy,
} from '../../model/index.ts';

/** The traffic policies of a waypoint by what they are attached to. */
export interface TrafficIndex {
  /** What is said about exactly this; a TrafficPolicy before an XBackendTrafficPolicy, which may stand beside it. */
  overridesOf(attachment: Attachment): readonly TrafficOverrides[];
}

const NOTHING: readonly TrafficOverrides[] = [];

/** Of several policies of one kind for the same thing the oldest counts, as the control plane's status says. */
export function indexTraffic(policies: Iterable<TrafficPolicy>): TrafficIndex {
  const byTarget = new Map<string, TrafficPolicy[]>();
  for (const policy of policies) {
    for (const attachment of policy.attachments) {
      const slot = attachmentId(attachment);
      const held = byTarget.get(slot) ?? [];
      byTarget.set(slot, [...held, policy].sort(byPrecedence).filter(firstOfItsKind));
    }
  }
  const overrides = new Map(
    [...byTarget].map(([slot, held]) => [slot, held.map((policy) => policy.overrides)] as const),
  );
  return { overridesOf: (attachment) => overrides.get(attachmentId(attachment)) ?? NOTHING };
}

function byPrecedence(a: TrafficPolicy, b: TrafficPolicy): number {
  if (a.kind !== b.kind) return a.kind === 'TrafficPolicy' ? -1 : 1;
  if (a.createdMs !== b.createdMs) return a.createdMs < b.createdMs ? -1 : 1;
  return a.key < b.key ? -1 : 1;
}

function firstOfItsKind(policy: TrafficPolicy, index: number, all: readonly TrafficPolicy[]): boolean {
  return all.findIndex(({ kind }) => kind === policy.kind) === index;
}
