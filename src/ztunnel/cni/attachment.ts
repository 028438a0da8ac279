import type { IpAddress } from '../../model/index.ts';

/** A pod as a kubelet's container runtime names it. */
export interface PodName {
  readonly namespace: string;
  readonly name: string;
  /** `metadata.uid`; empty where the runtime does not say. */
  readonly uid: string;
}

/** A pod's network, as a CNI plugin was called for it: known before anybody else knows the pod's addresses. */
export interface Attachment {
  readonly containerId: string;
  readonly interfaceName: string;
  readonly pod: PodName;
  /** Of its network namespace, as this process sees it. */
  readonly path: string;
  readonly device: bigint;
  readonly inode: bigint;
  readonly addresses: readonly IpAddress[];
}

/** A name is used again by a later pod, a uid is not: where both have one, it must be the same. */
export function isSamePod(one: PodName, other: PodName): boolean {
  return (
    one.namespace === other.namespace &&
    one.name === other.name &&
    (one.uid === other.uid || one.uid === '' || other.uid === '')
  );
}
