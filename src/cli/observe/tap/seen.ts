import type { TapEvent } from './tap-event.ts';

/** The controller tells refusals that their nodes tell too. */
export interface Seen {
  /** Whether this has not been shown yet; it counts as shown from now on. */
  isNew(event: TapEvent): boolean;
}

/** Older ones are forgotten: the same refusal comes twice within moments or not at all. */
const REMEMBERED = 4_096;

/** Remembers a bounded number of events, the last ones. */
export function createSeen(): Seen {
  const ids = new Set<string>();
  return {
    isNew(event) {
      const id = idOf(event);
      if (id === undefined) return true;
      if (ids.has(id)) return false;
      ids.add(id);
      if (ids.size > REMEMBERED) forgetOldest(ids);
      return true;
    },
  };
}

function idOf(event: TapEvent): string | undefined {
  return event.kind === 'refusal' ? event.detail.id : undefined;
}

/** A set keeps the order in which it was filled. */
function forgetOldest(ids: Set<string>): void {
  const { value } = ids.values().next();
  if (value !== undefined) ids.delete(value);
}
