/** The streams that are open, by caller. */
export interface StreamSlots {
  /**
   * Takes a slot for a stream of `caller`, whose oldest is ended where it has too many. Undefined: there are too many over
   * all callers. Else gives what is to be called when the stream is over.
   */
  take(caller: string, end: () => void): (() => void) | undefined;
  readonly size: number;
}

/** Beyond `perCaller` a caller's oldest stream is ended; beyond `all` nobody gets one. */
export function createStreamSlots(limits: { readonly perCaller: number; readonly all: number }): StreamSlots {
  /** Each caller's, the oldest first. */
  const slots = new Map<string, Set<() => void>>();
  let size = 0;
  const release = (caller: string, end: () => void): boolean => {
    const own = slots.get(caller);
    if (own?.delete(end) !== true) return false;
    size -= 1;
    if (own.size === 0) slots.delete(caller);
    return true;
  };
  return {
    take(caller, end) {
      const own = slots.get(caller);
      // Whoever reconnects must not wait for the server to notice that its last connection is dead.
      const [oldest] = own ?? [];
      if (own !== undefined && oldest !== undefined && own.size >= limits.perCaller) {
        release(caller, oldest);
        oldest();
      }
      if (size >= limits.all) return undefined;
      const now = slots.get(caller) ?? new Set();
      slots.set(caller, now.add(end));
      size += 1;
      return () => void release(caller, end);
    },
    get size() {
      return size;
    },
  };
}
