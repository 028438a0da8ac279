import type { WorkloadUid } from './workload.ts';

/**
 * What a node must know to let new pods pass that it is not to enrol: the content of `nodemesh.enrolment.Membership`.
 * A pod that is neither known as one to enrol nor as a bystander follows its namespace.
 */
export type Membership = NamespaceMembership | Bystander;

/** What a namespace says for pods that say nothing themselves. */
export interface NamespaceMembership {
  readonly kind: 'namespace';
  readonly namespace: string;
  /** Whether its pods join the mesh where they do not say otherwise. */
  readonly joins: boolean;
}

/** A pod that stays outside although its namespace joins. */
export interface Bystander {
  readonly kind: 'bystander';
  readonly uid: WorkloadUid;
  /** As in EnrolmentPod. */
  readonly kubernetesUid: string;
  readonly namespace: string;
  readonly name: string;
}

/** The name that it has on the wire. */
export function membershipName(membership: Membership): string {
  return membership.kind === 'namespace'
    ? namespaceMembershipName(membership.namespace)
    : bystanderName(membership.uid);
}

/** The name that a namespace's membership has on the wire, known before there is one. */
export function namespaceMembershipName(namespace: string): string {
  return `namespace/${namespace}`;
}

function bystanderName(uid: WorkloadUid): string {
  return `pod/${uid}`;
}
