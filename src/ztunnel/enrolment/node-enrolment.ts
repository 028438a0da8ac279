import type { EnrolmentPod, WorkloadUid } from '../../model/index.ts';
import { enrolPod, type PodEnrolment, releasePod } from './pod-enrolment.ts';
import type { EnrolmentPorts, PodNamespace } from './ports.ts';

/** All pods of this node that are, or are ceasing to be, in the mesh. */
export interface NodeEnrolment {
  /** New and changed resources, and the uids of those that went away. */
  update(change: {
    readonly upserts: readonly EnrolmentPod[];
    readonly removed: readonly WorkloadUid[];
  }): void;
  /** Goes on with pods that an earlier process was taking out of the mesh; those that are wanted again stay. */
  resumeReleases(pods: readonly EnrolmentPod[]): void;
  /** Resolves when each pod that is known now has been tried once. */
  settled(): Promise<void>;
  pods(): readonly PodEnrolment[];
  /** What is wanted of one pod now; undefined: nothing. */
  wanted(uid: WorkloadUid): EnrolmentPod | undefined;
  /** What is wanted here now, for the saved state. */
  desired(): readonly EnrolmentPod[];
  /** What is on its way out, for the saved state. */
  leaving(): readonly EnrolmentPod[];
  /** For a process that ends: rules stay, connections drain. Resolves when the last has ended. */
  stop(): Promise<void>;
  destroy(cause: Error): void;
}

/** Without a pod. One that leaves is known until nothing of ours is left in it. */
export function createNodeEnrolment<Namespace extends PodNamespace>(
  ports: EnrolmentPorts<Namespace>,
): NodeEnrolment {
  const enrolments = new Map<WorkloadUid, PodEnrolment>();
  const wanted = new Map<WorkloadUid, EnrolmentPod>();

  function upsert(pod: EnrolmentPod): void {
    wanted.set(pod.uid, pod);
    const known = enrolments.get(pod.uid);
    if (known !== undefined) {
      known.desire(pod);
      return;
    }
    keep(enrolPod(pod, ports));
  }

  function keep(enrolment: PodEnrolment): void {
    enrolments.set(enrolment.pod.uid, enrolment);
    enrolment.ended.then(() => forget(enrolment), ignoreEnd);
  }

  function forget(enrolment: PodEnrolment): void {
    // A process that stops still has to drain what it knows.
    if (enrolment.state.kind === 'stopped') return;
    const { uid } = enrolment.pod;
    if (enrolments.get(uid) === enrolment) enrolments.delete(uid);
    // Labelled again in the very moment it was released.
    const again = wanted.get(uid);
    if (again !== undefined) upsert(again);
  }

  return {
    update({ upserts, removed }) {
      for (const pod of upserts) upsert(pod);
      for (const uid of removed) {
        wanted.delete(uid);
        enrolments.get(uid)?.desire(undefined);
      }
    },
    resumeReleases(pods) {
      for (const pod of pods) if (!enrolments.has(pod.uid)) keep(releasePod(pod, ports));
    },
    async settled() {
      await Promise.all([...enrolments.values()].map((enrolment) => enrolment.settled));
    },
    pods: () => [...enrolments.values()],
    wanted: (uid) => wanted.get(uid),
    desired: () => [...wanted.values()],
    leaving: () => [...enrolments.values()].map(({ pod }) => pod).filter(({ uid }) => !wanted.has(uid)),
    async stop() {
      await Promise.all([...enrolments.values()].map((enrolment) => enrolment.stop()));
    },
    destroy(cause) {
      for (const enrolment of enrolments.values()) enrolment.destroy(cause);
    },
  };
}

function ignoreEnd(): void {
  // `ended` never rejects: the loop turns each failure into a wait.
}
