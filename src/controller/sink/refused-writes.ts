import { causeOf, type Clock, type Logger, sleep } from '../../base/index.ts';
import { KubernetesError, type MissingRight } from '../kubernetes/index.ts';

/** Writes that the controller has no right to, until somebody gives it the right. */
export interface RefusedWrites {
  /** What is missing, said once for each right; undefined where the error says nothing of a right. */
  note(error: unknown): MissingRight | undefined;
  /** Resolves when a write that needs the right may be tried again; rejects when the signal is aborted. */
  wait(right: MissingRight, signal: AbortSignal): Promise<void>;
  /** A write that had needed it has succeeded: all that wait for it are tried again at once. */
  given(right: MissingRight): void;
}

/**
 * A right that is missing is missing for everything of its kind, perhaps thousands: all of it together is tried five times in
 * a second, each thing at most six times in a minute, and the first that succeeds wakes the others.
 */
export function createRefusedWrites({
  clock,
  log,
}: {
  readonly clock: Clock;
  readonly log: Logger;
}): RefusedWrites {
  const missing = new Map<string, AbortController>();
  let waiting = 0;
  return {
    note(error) {
      const right = causeOf(error, KubernetesError)?.missingRight;
      if (right !== undefined && !missing.has(spell(right))) {
        missing.set(spell(right), new AbortController());
        log.error('a right is missing; what it is for is not written until it is given', {
          right: spell(right),
          error,
        });
      }
      return right;
    },
    async wait(right, signal) {
      const woken = missing.get(spell(right))?.signal;
      waiting += 1;
      const pause = sleep(
        clock,
        Math.max(SHORTEST_WAIT_MS, waiting * EACH_MS),
        woken === undefined ? signal : AbortSignal.any([signal, woken]),
      );
      // It rejects when it is woken, or when the signal is aborted: told apart below.
      await pause.catch(() => undefined);
      waiting -= 1;
      signal.throwIfAborted();
    },
    given(right) {
      const woken = missing.get(spell(right));
      if (woken === undefined) return;
      missing.delete(spell(right));
      log.info('a right that was missing has been given', { right: spell(right) });
      woken.abort();
    },
  };
}

function spell({ verb, resource, group }: MissingRight): string {
  return `${verb} ${resource}${group === '' ? '' : `.${group}`}`;
}

const SHORTEST_WAIT_MS = 10_000;
const EACH_MS = 200;
