import type { EnrolmentPod, WorkloadUid } from '../../model/index.ts';

/** Which pods are to be enrolled, or are no longer to be. */
export interface EnrolmentChange {
  readonly upserts: readonly EnrolmentPod[];
  readonly removed: readonly WorkloadUid[];
}

/**
 * Keeps pods waiting until the mesh and its policies are known: a proxy that served before would not know whom to
 * refuse. Opened once, by the first complete answers or by the saved state.
 */
export interface EnrolmentGate {
  readonly isOpen: boolean;
  update(change: EnrolmentChange): void;
  open(): void;
}

/** Shut: `pass` is called with all that waits once it opens, and at once from then on. */
export function createEnrolmentGate(pass: (change: EnrolmentChange) => void): EnrolmentGate {
  const waiting = new Map<WorkloadUid, EnrolmentPod>();
  let isOpen = false;
  return {
    get isOpen() {
      return isOpen;
    },
    update(change) {
      if (isOpen) {
        pass(change);
        return;
      }
      for (const pod of change.upserts) waiting.set(pod.uid, pod);
      for (const uid of change.removed) waiting.delete(uid);
    },
    open() {
      if (isOpen) return;
      isOpen = true;
      if (waiting.size > 0) pass({ upserts: [...waiting.values()], removed: [] });
      waiting.clear();
    },
  };
}
