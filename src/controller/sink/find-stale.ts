import { causeOf, type Clock, createBackoff, type Logger, MeshError, sleep } from '../../base/index.ts';
import type { ControllerSink } from './controller-sink.ts';
import type { ObjectStatus } from './object-status.ts';

/**
 * Those of the statuses that have to be written. Asks until there is an answer; empty when the signal is aborted before. A
 * sink that cannot be asked about many at once looks at each when it writes it.
 */
export async function findStale(
  sink: Pick<ControllerSink, 'staleStatuses'>,
  changes: readonly ObjectStatus[],
  { signal, clock, log }: { readonly signal: AbortSignal; readonly clock: Clock; readonly log: Logger },
): Promise<readonly ObjectStatus[]> {
  const backoff = createBackoff({ initialMs: 50, maximumMs: 5_000, jitter: 0.2 });
  while (!signal.aborted) {
    try {
      const stale = (await sink.staleStatuses?.(changes, signal)) ?? changes;
      return signal.aborted ? [] : stale;
    } catch (error) {
      if (signal.aborted) break;
      if (causeOf(error, MeshError)?.retryable !== true) {
        log.warn('statuses cannot be looked at together', { error });
        return changes;
      }
      log.warn('statuses will be looked at again', { error });
      // It rejects only when the signal is aborted, which the loop looks at.
      await sleep(clock, backoff.next(), signal).catch(() => undefined);
    }
  }
  return [];
}
