/**
 * Counts what must end before something may close. A holder takes a hold for as long as it works; whoever drains
 * waits until none is left. Nothing refuses new holds after draining began: the listener that feeds them does that.
 */
export interface Drain {
  readonly active: number;
  /** Aborted, with a reason, the moment draining begins. */
  readonly signal: AbortSignal;
  /** Returns the release, which may be called more than once. */
  hold(): () => void;
  /** Begins draining and resolves when the last hold is released. */
  drained(): Promise<void>;
}

/** A drain that nobody holds and that has not begun: `signal` aborts with the first `drained()`. */
export function createDrain(): Drain {
  const controller = new AbortController();
  const waiting: (() => void)[] = [];
  let active = 0;
  return {
    get active() {
      return active;
    },
    signal: controller.signal,
    hold() {
      active += 1;
      let held = true;
      return () => {
        if (!held) return;
        held = false;
        active -= 1;
        if (active === 0 && controller.signal.aborted) for (const resolve of waiting.splice(0)) resolve();
      };
    },
    drained() {
      controller.abort(new Error('draining'));
      if (active === 0) return Promise.resolve();
      return new Promise((resolve) => waiting.push(resolve));
    },
  };
}
