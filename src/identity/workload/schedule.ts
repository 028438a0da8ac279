/** The times of one certificate, in milliseconds since the epoch. Receipt is when it came to us, not its notBefore. */
export interface CertificateTimes {
  readonly receivedAtMs: number;
  readonly notAfterMs: number;
}

/**
 * When to renew: at half of what was left at receipt, moved by up to 10 % of that each way, so that certificates that
 * came together do not all renew together. `random` is in [0, 1).
 */
export function rotationTimeMs(times: CertificateTimes, random: number): number {
  const halfMs = (times.notAfterMs - times.receivedAtMs) / 2;
  return times.receivedAtMs + halfMs * (1 + ROTATION_JITTER * (2 * random - 1));
}

/** When a certificate that should have been renewed long ago is worth an alarm: three quarters of its life. */
export function alarmTimeMs(times: CertificateTimes): number {
  return times.receivedAtMs + (times.notAfterMs - times.receivedAtMs) * ALARM_SHARE;
}

const ROTATION_JITTER = 0.1;
const ALARM_SHARE = 0.75;
