/**
 * How long an endpoint takes to answer: a peak-sensitive moving average. A slower answer counts at once, a faster one
 * bit by bit, and the memory of an endpoint that is not asked fades, so that it gets another chance.
 */
export interface LatencyEstimate {
  /** Milliseconds, if half of it is forgotten in `decayMs`. */
  at(nowMs: number, decayMs: number): number;
  observe(latencyMs: number, nowMs: number, decayMs: number): void;
}

/** 0 until something was observed: who was never asked is asked. */
export function createLatencyEstimate(): LatencyEstimate {
  let estimateMs = 0;
  let stampMs = 0;
  const keptAt = (nowMs: number, decayMs: number): number => 0.5 ** (Math.max(0, nowMs - stampMs) / decayMs);
  const at = (nowMs: number, decayMs: number): number => {
    if (estimateMs === 0) return 0;
    const left = estimateMs * keptAt(nowMs, decayMs);
    return left < FORGOTTEN_MS ? 0 : left;
  };
  return {
    at,
    observe(latencyMs, nowMs, decayMs) {
      const kept = keptAt(nowMs, decayMs);
      estimateMs = latencyMs >= at(nowMs, decayMs) ? latencyMs : estimateMs * kept + latencyMs * (1 - kept);
      stampMs = nowMs;
    },
  };
}

/** A memory as faint as this must not decide between two. */
const FORGOTTEN_MS = 0.001;
