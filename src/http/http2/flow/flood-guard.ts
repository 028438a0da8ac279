import { ErrorCode, protocolFault } from '../frame/index.ts';

/** Ends sessions whose peer makes us work for nothing. The rates are far above what any honest peer needs. */
export class FloodGuard {
  /** PING, SETTINGS and other frames that cost us more than them. */
  readonly #idleFrames: TokenBucket;
  /** Streams given up before we answered them (rapid reset, CVE-2023-44487). */
  readonly #rapidResets: TokenBucket;

  constructor(now: () => number) {
    this.#idleFrames = new TokenBucket(10_000, 1_000, now);
    this.#rapidResets = new TokenBucket(1_000, 100, now);
  }

  /** Throws ENHANCE_YOUR_CALM when there were too many. */
  countIdleFrame(what: string): void {
    if (!this.#idleFrames.take())
      throw protocolFault(ErrorCode.ENHANCE_YOUR_CALM, `too many frames like ${what}`);
  }

  /** Throws ENHANCE_YOUR_CALM when there were too many. */
  countWastedStream(): void {
    if (!this.#rapidResets.take())
      throw protocolFault(
        ErrorCode.ENHANCE_YOUR_CALM,
        'too many streams refused, or reset before their answer',
      );
  }
}

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
