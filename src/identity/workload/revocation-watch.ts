import { atTime, type Clock, type Logger, type Timer } from '../../base/index.ts';
import type { RevocationPeriod } from '../tls/index.ts';

/** Raises the alarm when revocation lists are not renewed: once they have ended, everybody is refused. */
export interface RevocationWatch {
  /** The lists in use from now on; undefined: none. */
  watch(period: RevocationPeriod | undefined): void;
  stop(): void;
}

/** Whoever makes it stops it. */
export function createRevocationWatch(clock: Clock, log: Logger): RevocationWatch {
  let timers: readonly Timer[] = [];
  const stop = (): void => {
    for (const timer of timers) timer.cancel();
    timers = [];
  };
  return {
    watch(period) {
      stop();
      if (period === undefined || !Number.isFinite(period.untilMs)) return;
      const { fromMs, untilMs } = period;
      const at = (timeMs: number, say: () => void): Timer => atTime(clock, timeMs, say);
      const expiresAt = new Date(untilMs).toISOString();
      timers = [
        at(fromMs + (untilMs - fromMs) * ALARM_SHARE, () =>
          log.error('revocation lists past three quarters of their life', { expiresAt }),
        ),
        at(untilMs, () =>
          log.error('revocation lists expired: new sessions are refused until others come', { expiresAt }),
        ),
      ];
    },
    stop,
  };
}

const ALARM_SHARE = 0.75;
