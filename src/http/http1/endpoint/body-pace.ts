import type { HttpConfig } from '../../config.ts';
import type { Deadline } from '../../deadline.ts';

/** How fast a request's body has to come while somebody wants it: some byte at least, or so many in every window. */
export class BodyPace {
  readonly #config: HttpConfig;
  readonly #deadline: Deadline;
  #windowBytes = 0;

  constructor(config: HttpConfig, deadline: Deadline) {
    this.#config = config;
    this.#deadline = deadline;
  }

  /** Time begins to count; when it counts already, nothing changes. */
  start(): void {
    if (!this.#deadline.isSet) this.#beginWindow();
  }

  received(bytes: number): void {
    this.#windowBytes += bytes;
    if (this.#config.minBodyBytesPerSecond === 0) this.#beginWindow();
    else this.start();
  }

  /** The deadline has come. True when enough bytes came before it, and another window has begun. */
  isFastEnough(): boolean {
    const wantedBytes = (this.#config.minBodyBytesPerSecond * this.#windowMs) / 1_000;
    if (wantedBytes === 0 || this.#windowBytes < wantedBytes) return false;
    this.#beginWindow();
    return true;
  }

  get #windowMs(): number {
    const { minBodyBytesPerSecond, bodyIdleTimeoutMs } = this.#config;
    return minBodyBytesPerSecond === 0 ? bodyIdleTimeoutMs : Math.min(bodyIdleTimeoutMs, RATE_WINDOW_MS);
  }

  #beginWindow(): void {
    this.#windowBytes = 0;
    this.#deadline.set(this.#windowMs);
  }
}

const RATE_WINDOW_MS = 10_000;
