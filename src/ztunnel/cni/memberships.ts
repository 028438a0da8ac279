import { createSignal, type Signal } from '../../base/index.ts';
import {
  type Bystander,
  type Membership,
  membershipName,
  namespaceMembershipName,
} from '../../model/index.ts';
import { isSamePod, type PodName } from './attachment.ts';

/** What the controller has told of pods that are not to be enrolled here. */
export interface Memberships {
  /** New and changed resources, and the names of those that went away. */
  update(change: { readonly upserts: readonly Membership[]; readonly removed: readonly string[] }): void;
  /** Whether anything has been told, if only that there is nothing. */
  readonly isKnown: boolean;
  /** Whether the namespace's pods join the mesh; undefined: nobody has told. */
  joins(namespace: string): boolean | undefined;
  isBystander(pod: PodName): boolean;
  readonly changes: Signal<void>;
  /** For the saved state. */
  all(): readonly Membership[];
}

/** Nothing is known until the first update, were it an empty one. */
export function createMemberships(): Memberships {
  const told = new Map<string, Membership>();
  /** By `namespace/name`. */
  const bystanders = new Map<string, Bystander>();
  const changes = createSignal<void>();
  let isKnown = false;

  function forget(name: string): void {
    const membership = told.get(name);
    told.delete(name);
    if (membership?.kind === 'bystander') bystanders.delete(podKey(membership));
  }

  return {
    update({ upserts, removed }) {
      isKnown = true;
      for (const name of removed) forget(name);
      for (const membership of upserts) {
        told.set(membershipName(membership), membership);
        if (membership.kind === 'bystander') bystanders.set(podKey(membership), membership);
      }
      changes.emit();
    },
    get isKnown() {
      return isKnown;
    },
    joins(namespace) {
      const membership = told.get(namespaceMembershipName(namespace));
      return membership?.kind === 'namespace' ? membership.joins : undefined;
    },
    isBystander(pod) {
      const bystander = bystanders.get(podKey(pod));
      if (bystander === undefined) return false;
      const { namespace, name, kubernetesUid: uid } = bystander;
      return isSamePod({ namespace, name, uid }, pod);
    },
    changes,
    all: () => [...told.values()],
  };
}

function podKey({ namespace, name }: { readonly namespace: string; readonly name: string }): string {
  return `${namespace}/${name}`;
}
