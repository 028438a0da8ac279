/** How the delays grow: `initialMs`, then `factor` times longer each, up to `maximumMs`. */
export interface BackoffConfig {
  /** Delay before the first retry, in milliseconds. */
  readonly initialMs: number;
  /** No delay is longer than this before jitter, in milliseconds. */
  readonly maximumMs: number;
  /** Each delay is this many times the one before. Default 2. */
  readonly factor?: number;
  /** Share by which a delay is moved at random, each way: 0.2 is ±20 %. Default 0. */
  readonly jitter?: number;
}

/** The delays between attempts at one thing. Not shared between things. */
export interface Backoff {
  /** The next delay in milliseconds; each call lengthens the one after. */
  next(): number;
  /** Called on success: the next delay is the initial one again. */
  reset(): void;
}

/** `random` returns numbers in [0, 1) and is only replaced by tests. */
export function createBackoff(config: BackoffConfig, random: () => number = Math.random): Backoff {
  const factor = config.factor ?? 2;
  const jitter = config.jitter ?? 0;
  let upcomingMs = config.initialMs;
  return {
    next() {
      const delayMs = Math.min(upcomingMs, config.maximumMs);
      upcomingMs = Math.min(delayMs * factor, config.maximumMs);
      return delayMs * (1 + jitter * (2 * random() - 1));
    },
    reset() {
      upcomingMs = config.initialMs;
    },
  };
}
