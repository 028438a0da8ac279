import { type Clock, sleep } from '../../base/index.ts';
import type { SvidStore } from '../../identity/index.ts';
import type { WorkloadIdentity } from '../../model/index.ts';

/** A new pod's certificate is refused until its authority has heard of the pod, which is a matter of milliseconds. */
const REFUSED_FOR_MS = 3_500;
const AGAIN_AFTER_MS = 200;

/** The certificate of one pod: kept fresh from the first wish to the release. */
export interface PodCertificate {
  /** Resolves when it is at hand. Rejects as the store does, or with the signal's reason. */
  ensure(identity: WorkloadIdentity, signal: AbortSignal): Promise<void>;
  release(): void;
}

/** Holds none before the first wish; another identity lets go of the one before. */
export function createPodCertificate({
  svids,
  clock,
}: {
  readonly svids: Pick<SvidStore, 'get' | 'retain'>;
  readonly clock: Clock;
}): PodCertificate {
  let held: { readonly id: string; release(): void } | undefined;

  function hold(identity: WorkloadIdentity): void {
    if (held?.id === identity.id) return;
    const release = svids.retain(identity);
    held?.release();
    held = { id: identity.id, release };
  }

  return {
    async ensure(identity, signal) {
      hold(identity);
      const untilMs = clock.monotonic() + REFUSED_FOR_MS;
      for (;;) {
        try {
          await svids.get(identity, 'connection', signal);
          return;
        } catch (error) {
          if (signal.aborted || clock.monotonic() >= untilMs) throw error;
          await sleep(clock, AGAIN_AFTER_MS, signal);
        }
      }
    },
    release() {
      held?.release();
      held = undefined;
    },
  };
}
