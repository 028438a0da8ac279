import type { Clock, Timer } from '../base/index.ts';

/**
 * A time that is moved far more often than it comes. Moving it costs no timer: one that fires early looks again and sets
 * itself anew.
 */
export class Deadline {
  readonly #clock: Clock;
  readonly #onExpired: () => void;
  #dueMs = Number.POSITIVE_INFINITY;
  #timer: Timer | undefined;
  #timerDueMs = Number.POSITIVE_INFINITY;

  constructor(clock: Clock, onExpired: () => void) {
    this.#clock = clock;
    this.#onExpired = onExpired;
  }

  get isSet(): boolean {
    return this.#dueMs !== Number.POSITIVE_INFINITY;
  }

  /** `delayMs` from now, in the place of whatever was set. */
  set(delayMs: number): void {
    this.#dueMs = this.#clock.monotonic() + delayMs;
    if (this.#dueMs < this.#timerDueMs) this.#arm(delayMs);
  }

  clear(): void {
    this.#dueMs = Number.POSITIVE_INFINITY;
  }

  /** Lets go of the timer. */
  destroy(): void {
    this.clear();
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#timerDueMs = Number.POSITIVE_INFINITY;
  }

  #arm(delayMs: number): void {
    this.#timer?.cancel();
    this.#timerDueMs = this.#dueMs;
    this.#timer = this.#clock.after(delayMs, () => this.#fired());
  }

  #fired(): void {
    this.#timer = undefined;
    this.#timerDueMs = Number.POSITIVE_INFINITY;
    if (this.#dueMs === Number.POSITIVE_INFINITY) return;
    const leftMs = this.#dueMs - this.#clock.monotonic();
    if (leftMs > 0) {
      this.#arm(leftMs);
      return;
    }
    this.clear();
    this.#onExpired();
  }
}
