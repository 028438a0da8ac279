import { type Clock, type Closable, type Logger, sleep } from '../../base/index.ts';
import type { Readiness } from '../../telemetry/index.ts';

/** The first steps of a controller's end, each taken when it is closed. */
export interface HandOver {
  /** It is not ready any more. */
  readonly announce: Closable;
  /** It serves on for a while, for those who have not heard that others are to be asked. */
  readonly linger: Closable;
}

/** `delayMs`: how long a controller that is not ready any more serves on, for others to take its place. */
export function createHandOver(options: {
  readonly readiness: Pick<Readiness, 'waitFor'>;
  readonly delayMs: number;
  readonly clock: Clock;
  readonly log: Logger;
}): HandOver {
  const { delayMs, clock, log } = options;
  const hurry = new AbortController();
  const announce = (): void => {
    options.readiness.waitFor('its end');
    log.info('controller is ending', { shutdownDelayMs: delayMs });
  };
  return {
    announce: {
      async close() {
        announce();
      },
      destroy: () => undefined,
    },
    linger: {
      // Cut short by destroy, it is over all the same.
      close: () => sleep(clock, delayMs, hurry.signal).catch(() => undefined),
      destroy: () => hurry.abort(new Error('the controller ends at once')),
    },
  };
}
