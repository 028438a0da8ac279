/** A rate with a burst. Time is given in, so that it can be tested without waiting. */
export class TokenBucket {
  readonly #burst: number;
  readonly #perMs: number;
  readonly #now: () => number;
  #tokens: number;
  #filledAtMs: number;

  constructor(burst: number, perSecond: number, now: () => number) {
    this.#burst = burst;
    this.#perMs = perSecond / 1000;
    this.#now = now;
    this.#tokens = burst;
    this.#filledAtMs = now();
  }

  /** False when the rate is passed. */
  take(): boolean {
    if (this.#tokens < 1) {
      const nowMs = this.#now();
      this.#tokens = Math.min(this.#burst, this.#tokens + (nowMs - this.#filledAtMs) * this.#perMs);
      this.#filledAtMs = nowMs;
      if (this.#tokens < 1) return false;
    }
    this.#tokens -= 1;
    return true;
  }
}
