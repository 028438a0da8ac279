import type { RefusalView } from '../../../model/index.ts';
import { createEventLog, type EventLog } from './event-log.ts';
import { clientOf } from './shares.ts';

/** The last refusals, each once, whoever tells of it: both ends of a tunnel do, and a waypoint between. */
export interface RefusalLog extends Omit<EventLog<RefusalView>, 'push'> {
  /** As it is known now; undefined where that says nothing new. `reportedBy`: another proxy. */
  add(refusal: RefusalView, sequence: number, reportedBy?: string): RefusalView | undefined;
}

/** `capacity`: refusals that are kept, however many told of each. */
export function createRefusalLog(capacity: number): RefusalLog {
  const log = createEventLog<RefusalView>(capacity);
  /** `isWhole`: who refused and who dialled have both told of it. */
  const known = new Map<string, { readonly sequence: number; item: RefusalView; isWhole: boolean }>();
  return {
    add(refusal, sequence, reportedBy) {
      const before = known.get(refusal.id);
      if (before !== undefined) {
        if (before.isWhole || isOfDecider(before.item) === isOfDecider(refusal)) return undefined;
        before.isWhole = true;
        before.item = isOfDecider(refusal) ? join(refusal, before.item) : join(before.item, refusal);
        return before.item;
      }
      const entry = { sequence, item: refusal, isWhole: false };
      known.set(refusal.id, entry);
      // Whoever is refused again and again must not hide that others are.
      const forgotten = log.push(entry, reportedBy ?? clientOf(refusal.source));
      if (forgotten !== undefined) known.delete(forgotten.id);
      return refusal;
    },
    newestFirst: log.newestFirst,
    since: log.since,
  };
}

/** Who refused knows why; who dialled knows who wanted what, and is believed so far as the other knows the same client. */
function join(own: RefusalView, other: RefusalView): RefusalView {
  const isNearer = other.request !== undefined || other.source.identity === own.source.identity;
  if (!isNearer) return own;
  const { kind, reason, policy, rule, message, hint, destination } = own;
  return {
    ...other,
    ...{ kind, reason, policy, rule, message, hint, destination },
    service: other.service ?? own.service,
    traceId: own.traceId === '' ? other.traceId : own.traceId,
  };
}

/** A node is told of by the end that is dialled; whoever dials is named as `source`, a waypoint as itself. */
function isOfDecider({ reporter, proxy }: RefusalView): boolean {
  return reporter === 'destination' || (reporter === 'waypoint' && proxy.startsWith('waypoint/'));
}
