import type { Clock, Timer } from '../../../base/index.ts';

/** Something that may wait for its peer. */
export interface Stallable {
  /** Since when it waits for the peer, in ms of the monotonic clock; undefined: it does not. */
  readonly waitingSinceMs: number | undefined;
  onStalled(): void;
}

/** Looks now and then whether somebody waits for a peer too long. One timer for all, and none while there is nobody. */
export class StallWatch {
  readonly #clock: Clock;
  readonly #limitMs: number;
  readonly #watched = new Set<Stallable>();
  #timer: Timer | undefined;

  constructor(clock: Clock, limitMs: number) {
    this.#clock = clock;
    this.#limitMs = limitMs;
  }

  add(item: Stallable): void {
    this.#watched.add(item);
    this.#timer ??= this.#clock.after(this.#limitMs / LOOKS_PER_LIMIT, () => this.#look());
  }

  delete(item: Stallable): void {
    this.#watched.delete(item);
  }

  destroy(): void {
    this.#timer?.cancel();
    this.#watched.clear();
  }

  #look(): void {
    this.#timer = undefined;
    const beforeMs = this.#clock.monotonic() - this.#limitMs;
    for (const item of [...this.#watched])
      if ((item.waitingSinceMs ?? Number.POSITIVE_INFINITY) <= beforeMs) item.onStalled();
    if (this.#watched.size > 0)
      this.#timer = this.#clock.after(this.#limitMs / LOOKS_PER_LIMIT, () => this.#look());
  }
}

/** How late somebody may be found: a quarter of the limit. */
const LOOKS_PER_LIMIT = 4;
