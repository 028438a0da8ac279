import type { EnrolmentPod, WorkloadUid } from '../../model/index.ts';
import type { Arrivals, Attachment } from '../cni/index.ts';
import type { OlderConnection } from '../admin/index.ts';
import type { PodState } from '../enrolment/index.ts';

/** One pod that the proxy serves, or is about to. */
export interface ServedPod {
  readonly pod: EnrolmentPod;
  readonly state: PodState;
  /** Connections from before it was in the mesh. */
  readonly older: readonly OlderConnection[];
}

/** What one process leaves to the next about its pods. */
export interface SavedPods {
  readonly pods: readonly EnrolmentPod[];
  /** Where CNI plugins have said that pods' networks are. */
  readonly attachments: readonly Attachment[];
  /** Pods whose rules had not all been taken away yet. */
  readonly leaving: readonly EnrolmentPod[];
  /** Socket inodes of connections older than the enrolment, by pod. */
  readonly older: ReadonlyMap<WorkloadUid, readonly number[]>;
}

/** New and changed resources, and the uids of those that went away. */
export interface PodsChange {
  readonly upserts: readonly EnrolmentPod[];
  readonly removed: readonly WorkloadUid[];
}

/**
 * The pods of this node, whoever names them and captures their traffic: our controller and this process, or Istio's CNI
 * agent.
 */
export interface ServedPods {
  /** What the controller says about the node's pods; undefined where it is not asked. */
  readonly update: ((change: PodsChange) => void) | undefined;
  /** Where our own CNI plugin announces new pods; undefined where another agent does that. */
  readonly arrivals: Arrivals | undefined;
  /** The mesh and its policies are known: nobody is served before. Idempotent. */
  open(): void;
  /** Resolves when the node's pods are known, and each has been tried once. */
  settled(): Promise<void>;
  pods(): readonly ServedPod[];
  /** What is wanted of one pod now; undefined: nothing. */
  wanted(uid: WorkloadUid): EnrolmentPod | undefined;
  /** Says everything to the controller again, which may have forgotten, or is another one. */
  repeat(): void;
  saved(): SavedPods;
  restore(saved: SavedPods): void;
  /** For a process that ends: pods are neither taken on nor told about any more. */
  retire(): void;
  /** After that: captures stay, connections drain. Resolves when the last has ended. */
  stop(): Promise<void>;
  destroy(cause: Error): void;
}
