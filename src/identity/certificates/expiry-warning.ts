/** What an operator must be told about a root or an intermediate: it ends within so many days, or has ended. */
export type ExpiryWarning = 30 | 7 | 1 | 'expired';

/** For certificates that live for months. A workload's own is renewed all the time and has its own alarm. */
export function expiryWarning(notAfterMs: number, nowMs: number): ExpiryWarning | undefined {
  const leftMs = notAfterMs - nowMs;
  if (leftMs <= 0) return 'expired';
  return WARNING_DAYS.find((days) => leftMs <= days * DAY_MS);
}

const DAY_MS = 86_400_000;
/** The nearest first, so that the most urgent one is found. */
const WARNING_DAYS = [1, 7, 30] as const;
