import type { Clock } from '../../base/index.ts';

/** A stream that has not been answered by then makes room: it may be one that asks for nothing yet. */
const PATIENCE_MS = 5_000;

/**
 * Bounds how many streams are between their first request and their first response. After a restart of the controller every
 * proxy comes back and names all that it holds, ten megabytes each in a big mesh: what waits here has not been read.
 */
export interface OpeningGate {
  readonly waiting: number;
  /** Resolves when it is the stream's turn, in the order they came, with what makes room for the next. Idempotent. */
  enter(): Promise<() => void>;
}

/** `places`: streams that may be inside at once. One that stays too long loses its place, not its stream. */
export function createOpeningGate(places: number, clock: Pick<Clock, 'after'>): OpeningGate {
  const queue: (() => void)[] = [];
  let taken = 0;

  const admit = (): (() => void) => {
    taken += 1;
    let inside = true;
    const leave = (): void => {
      if (!inside) return;
      inside = false;
      patience.cancel();
      taken -= 1;
      queue.shift()?.();
    };
    const patience = clock.after(PATIENCE_MS, leave);
    return leave;
  };

  return {
    get waiting() {
      return queue.length;
    },
    enter() {
      if (taken < places) return Promise.resolve(admit());
      return new Promise((resolve) => queue.push(() => resolve(admit())));
    },
  };
}
