import type { Clock } from '../../base/index.ts';
import type { ObjectNotice } from './controller-sink.ts';

/** What happened while this replica did not lead, and perhaps none did. */
export interface HeldEvents {
  hold(event: ObjectNotice): void;
  /** Gives away those that may not have been told by anybody. */
  take(): readonly ObjectNotice[];
}

/**
 * As many as happen between two leaders: those that are older have been told by the leader of then. One that is told twice
 * only counts up.
 */
export function createHeldEvents(clock: Clock): HeldEvents {
  let held: { readonly event: ObjectNotice; readonly atMs: number }[] = [];
  return {
    hold(event) {
      held.push({ event, atMs: clock.monotonic() });
      if (held.length > MOST_HELD) held.shift();
    },
    take() {
      const sinceMs = clock.monotonic() - HOLD_MS;
      const recent = held.filter(({ atMs }) => atMs >= sinceMs).map(({ event }) => event);
      held = [];
      return recent;
    },
  };
}

const MOST_HELD = 200;
/** Longer than a lease lasts and a successor takes. */
const HOLD_MS = 30_000;
