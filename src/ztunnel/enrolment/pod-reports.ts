import { describeError, sleep } from '../../base/index.ts';
import type { EnrolmentState, WorkloadUid } from '../../model/index.ts';
import type { EnrolmentPorts, PodReport } from './ports.ts';
import { within } from './within.ts';

/** What the controller is told of one pod, and how long the pod waits for what others make of it. */
export interface PodReports {
  /** For reports that nothing waits for; whoever sends them repeats them until they arrive. */
  tell(state: EnrolmentState, failure?: PodReport['failure']): void;
  /** False when there was no answer within `waitMs`; rejects when there cannot be one. */
  tellAndWait(state: EnrolmentState, waitMs: number): Promise<boolean>;
  /**
   * Tells where the pod is, and waits until those that join or leave with it are as far. A wait that is too short may
   * cost them a connection, one without end would cost this pod its place: whatever fails in here, it goes on. Rejects
   * when the signal aborts.
   */
  tellAndKeepStep(
    state: EnrolmentState,
    limits: { readonly toldWithinMs: number; readonly inStepWithinMs: number },
    signal: AbortSignal,
  ): Promise<void>;
}

/** Of one pod. A report that fails is logged, and stops nothing. */
export function createPodReports(
  uid: WorkloadUid,
  { report, othersInStep, clock, log }: Pick<EnrolmentPorts, 'report' | 'othersInStep' | 'clock' | 'log'>,
): PodReports {
  async function tellAndWait(state: EnrolmentState, waitMs: number): Promise<boolean> {
    const receipt = await within(clock, waitMs, report({ uid, state }), (error) => {
      log.warn('pod report failed late', { pod: uid, state, error: describeError(error) });
    });
    if (receipt?.acknowledged !== true) log.debug('pod report not acknowledged in time', { pod: uid, state });
    return receipt !== undefined;
  }

  return {
    tell(state, failure) {
      report({ uid, state, failure }).catch((error: unknown) => {
        log.debug('pod report failed', { pod: uid, state, error: describeError(error) });
      });
    },
    tellAndWait,
    async tellAndKeepStep(state, { toldWithinMs, inStepWithinMs }, signal) {
      const limit = new AbortController();
      // Woken early it is over as well.
      const patience = (ms: number): Promise<void> =>
        sleep(clock, ms, AbortSignal.any([signal, limit.signal])).catch(() => undefined);
      try {
        const isTold = await tellAndWait(state, toldWithinMs);
        signal.throwIfAborted();
        if (isTold) await Promise.race([othersInStep(), patience(inStepWithinMs)]);
      } catch (error) {
        log.debug('others not waited for', { pod: uid, state, error: describeError(error) });
      }
      limit.abort();
      signal.throwIfAborted();
    },
  };
}
