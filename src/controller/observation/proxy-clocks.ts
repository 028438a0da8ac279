import type { Logger } from '../../base/index.ts';
import { CLOCK_APART_MS, clockDifference } from '../../model/index.ts';

/** Says in the log, once for each proxy, that its clock differs from this process's, and when it no longer does. */
export interface ProxyClocks {
  /** How far the clock of a proxy was ahead when it last reported, in milliseconds. */
  note(proxy: string, aheadMs: number): void;
  forget(proxy: string): void;
}

/** All clocks are right until one is noted that is not. */
export function createProxyClocks(log: Pick<Logger, 'info' | 'warn'>): ProxyClocks {
  const apart = new Set<string>();
  return {
    note(proxy, aheadMs) {
      const isApart = Math.abs(aheadMs) >= CLOCK_APART_MS;
      if (isApart === apart.has(proxy)) return;
      if (isApart) {
        apart.add(proxy);
        const clock = `${clockDifference(aheadMs)} the controller's`;
        log.warn('the clock of a proxy differs: synchronize both with NTP', { proxy, clock });
      } else {
        apart.delete(proxy);
        log.info('the clock of a proxy is right again', { proxy });
      }
    },
    forget: (proxy) => apart.delete(proxy),
  };
}
