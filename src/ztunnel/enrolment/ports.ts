import type { Clock, Logger } from '../../base/index.ts';
import type { EnrolmentPod, EnrolmentReceipt, EnrolmentState, WorkloadUid } from '../../model/index.ts';

/** A pod's network namespace, held open. (device, inode) is its identity: names are used again, these are not. */
export interface PodNamespace {
  readonly device: bigint;
  readonly inode: bigint;
  close(): void;
}

/** The proxy of one pod: its listeners and what came through them. */
export interface PodProxy {
  /** Takes nothing new, tells peers, and resolves when its last connection has ended by itself. Idempotent. */
  drain(): Promise<void>;
  /** Resets every connection and lets go of everything now. */
  destroy(cause: Error): void;
}

/** `nat` is both ways, for pods that nobody talks to yet or that are captured already. */
export type CapturePart = 'routing' | 'nat-outbound' | 'nat-inbound' | 'nat';

/** The kernel's part, each step atomic and idempotent. */
export interface Redirection<Namespace> {
  /** True when all nat rules are in: an earlier process captured this pod. */
  isCaptured(namespace: Namespace): Promise<boolean>;
  /**
   * Throws when nothing of ours is in a namespace that `isCaptured` has looked at, and somebody else listens on our ports
   * there: ports are shared with our own other generations, and what shares them gets a part of the connections.
   */
  requirePorts(namespace: Namespace): void;
  apply(namespace: Namespace, pod: EnrolmentPod, part: CapturePart): Promise<void>;
  remove(
    namespace: Namespace,
    pod: EnrolmentPod,
    part: 'nat-inbound' | 'nat-outbound' | 'routing',
  ): Promise<void>;
  /** How many redirected connections the kernel still holds: above 0 the routing part must stay. */
  trackedConnections(namespace: Namespace): Promise<number>;
}

/** What a node tells about one pod. */
export interface PodReport {
  readonly uid: WorkloadUid;
  readonly state: EnrolmentState;
  /** Only with `failed`. */
  readonly failure?: { readonly code: string; readonly message: string } | undefined;
}

/** Everything that enrolling one pod needs of the world. */
export interface EnrolmentPorts<Namespace extends PodNamespace = PodNamespace> {
  /** Rejects when the pod has no namespace (yet, or any more). The caller closes it. */
  openNamespace(pod: EnrolmentPod): Promise<Namespace>;
  /** Whether the pod still has that very namespace. */
  isCurrent(pod: EnrolmentPod, namespace: Namespace): Promise<boolean>;
  /**
   * Whether a pod that is no longer to be enrolled was deleted, rather than taken out of the mesh, as far as is known now: deleted by
   * force, or with its node, it may run on.
   */
  isDeleted(pod: EnrolmentPod): boolean;
  /** Resolves when the pod's SVID is at hand. */
  ensureSvid(pod: EnrolmentPod, signal: AbortSignal): Promise<void>;
  /** Resolves when all of the pod's listeners accept. */
  startProxy(pod: EnrolmentPod, namespace: Namespace): Promise<PodProxy>;
  readonly redirection: Redirection<Namespace>;
  /**
   * Takes note, before the capture, of what connections there are. The function it returns is called once the capture
   * is in, for pods that want theirs reset: what they open instead is then captured.
   */
  noteExistingConnections(pod: EnrolmentPod, namespace: Namespace): () => void;
  /** Resolves with the receipt, rejects when the controller could not be told. */
  report(report: PodReport): Promise<EnrolmentReceipt>;
  /** Resolves when all pods of the mesh that join or leave now are as far as this node's have been reported to be. */
  othersInStep(): Promise<EnrolmentReceipt>;
  readonly clock: Clock;
  readonly log: Logger;
  readonly random: () => number;
}
