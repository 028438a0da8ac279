/** How much one caller, and all together, may ask of the controller. Beyond, a call is refused with RESOURCE_EXHAUSTED. */
export interface CallLimits {
  /** Certificates that a caller may ask for in a second, in the long run. Default 50. */
  readonly certificatesPerSecond: number;
  /** Those it may ask for at once: a node that starts asks for all of its pods. Default 500. */
  readonly certificateBurst: number;
  /** Certificates that are being signed at once, over all callers. Default 16. */
  readonly signingConcurrency: number;
  /** Discovery streams of a caller; one more ends its oldest, which mostly is one that has died unnoticed. Default 8. */
  readonly streamsPerCaller: number;
  /** Discovery streams over all callers. Default 10,000. */
  readonly streams: number;
  /** Reports of its pods that a node may send in a second, in the long run; a hundred may come at once. Default 20. */
  readonly reportsPerSecond: number;
}

/** Fills in the defaults. */
export function resolveCallLimits(options: Partial<CallLimits> = {}): CallLimits {
  return {
    certificatesPerSecond: options.certificatesPerSecond ?? 50,
    certificateBurst: options.certificateBurst ?? 500,
    signingConcurrency: options.signingConcurrency ?? 16,
    streamsPerCaller: options.streamsPerCaller ?? 8,
    streams: options.streams ?? 10_000,
    reportsPerSecond: options.reportsPerSecond ?? 20,
  };
}

/** What is wrong with them, in words; empty: nothing. */
export function faultsOfCallLimits(limits: CallLimits): readonly string[] {
  return Object.entries(limits).flatMap(([name, value]) =>
    Number.isFinite(value) && value >= 1 ? [] : [`${name}: expected a number from 1, got ${value}`],
  );
}
