import type { IpAddress } from '../../../model/index.ts';
import { isStatic } from '../../enrolment/index.ts';
import { objectKey, type PodObject } from '../../objects/index.ts';
import type { Store } from '../graph/index.ts';

/** An address that a pod has in its status, and that is a pod's of another node. */
export interface ForeignAddress {
  readonly address: IpAddress;
  /** The pod that has it, `namespace/name`. */
  readonly holder: string;
  readonly holderNode: string;
}

/**
 * Whose an address is, where pods of several nodes have it in their status. A pod's status is its kubelet's word, and who has
 * taken over a node can write any address there. So whoever had it first keeps it, however it fares, until it says otherwise,
 * has finished or is being deleted: nothing of that is another node's to bring about.
 */
export interface AddressClaims {
  /** A pod as it was and as it is; undefined: there is none. */
  take(before: PodObject | undefined, now: PodObject | undefined): void;
  /** Writes down who has lost what. What was taken since the last time came at once, so none of it was first. */
  settle(): void;
}

interface Claim {
  readonly pod: PodObject;
  /** The batch that it came with; 0: before somebody else claimed the address too. */
  readonly since: number;
}

/** `losses` gets, by the key of the pod, what it claims in vain. */
export function createAddressClaims(losses: Store<readonly ForeignAddress[]>): AddressClaims {
  // Nearly all addresses are claimed once, and of those there are as many as pods.
  const sole = new Map<IpAddress, PodObject>();
  const disputed = new Map<IpAddress, readonly Claim[]>();
  const losersOf = new Map<IpAddress, readonly string[]>();
  const touched = new Set<IpAddress>();
  const fresh = new Set<IpAddress>();
  let batch = 1;

  function add(address: IpAddress, pod: PodObject): void {
    const claims = disputed.get(address);
    const first = sole.get(address);
    if (claims !== undefined) disputed.set(address, [...claims, { pod, since: batch }]);
    else if (first === undefined) {
      sole.set(address, pod);
      fresh.add(address);
    } else {
      const since = fresh.has(address) ? batch : 0;
      sole.delete(address);
      disputed.set(address, [
        { pod: first, since },
        { pod, since: batch },
      ]);
    }
    touched.add(address);
  }

  function remove(address: IpAddress, pod: PodObject): void {
    sole.delete(address);
    const left = (disputed.get(address) ?? []).filter((claim) => !isSame(claim.pod, pod));
    const [last] = left;
    if (left.length > 1) disputed.set(address, left);
    else {
      disputed.delete(address);
      if (last !== undefined) sole.set(address, last.pod);
    }
    touched.add(address);
  }

  function replace(address: IpAddress, pod: PodObject): void {
    const claims = disputed.get(address);
    if (claims === undefined) {
      sole.set(address, pod);
      return;
    }
    disputed.set(
      address,
      claims.map((claim) => (isSame(claim.pod, pod) ? { ...claim, pod } : claim)),
    );
    touched.add(address);
  }

  function decide(address: IpAddress): void {
    const lost = new Map(
      losersAmong(disputed.get(address) ?? []).map(({ pod, holder }) => {
        const foreign = { address, holder: objectKey(holder.meta), holderNode: holder.node };
        return [objectKey(pod.meta), foreign] as const;
      }),
    );
    for (const key of new Set([...(losersOf.get(address) ?? []), ...lost.keys()])) {
      const others = (losses.get(key) ?? []).filter((loss) => loss.address !== address);
      const loss = lost.get(key);
      const all = loss === undefined ? others : [...others, loss];
      if (all.length === 0) losses.delete(key);
      else losses.set(key, all);
    }
    if (lost.size === 0) losersOf.delete(address);
    else losersOf.set(address, [...lost.keys()]);
  }

  return {
    take(before, now) {
      if (before === now) return;
      const had = new Set(claimedBy(before));
      const has = new Set(claimedBy(now));
      const isOther = before !== undefined && now !== undefined && !isSame(before, now);
      for (const address of had)
        if (before !== undefined && (isOther || !has.has(address))) remove(address, before);
      for (const address of has) {
        if (now === undefined) continue;
        if (!isOther && had.has(address)) replace(address, now);
        else add(address, now);
      }
    },
    settle() {
      for (const address of touched) if (disputed.has(address) || losersOf.has(address)) decide(address);
      touched.clear();
      fresh.clear();
      batch += 1;
    },
  };
}

function claimedBy(pod: PodObject | undefined): readonly IpAddress[] {
  if (pod === undefined || pod.phase === 'Succeeded' || pod.phase === 'Failed') return [];
  return pod.addresses;
}

/** Pods of one node share an address or hand it on as their node likes, and so do those on their hosts' networks. */
function losersAmong(
  claims: readonly Claim[],
): readonly { readonly pod: PodObject; readonly holder: PodObject }[] {
  const [first] = [...claims].sort(byRight);
  if (first === undefined) return [];
  const holder = first.pod;
  return claims.flatMap(({ pod }) =>
    pod.node === holder.node || (pod.hostNetwork && holder.hostNetwork) ? [] : [{ pod, holder }],
  );
}

/** A kubelet makes static pods as it likes. When a controller starts it knows nobody to have been first: then the older pod is. */
function byRight(a: Claim, b: Claim): number {
  return (
    Number(isStatic(a.pod)) - Number(isStatic(b.pod)) ||
    Number(a.pod.meta.terminating) - Number(b.pod.meta.terminating) ||
    a.since - b.since ||
    a.pod.meta.createdMs - b.pod.meta.createdMs ||
    (objectKey(a.pod.meta) < objectKey(b.pod.meta) ? -1 : 1)
  );
}

function isSame(a: PodObject, b: PodObject): boolean {
  return a.meta.uid === b.meta.uid && a.node === b.node && objectKey(a.meta) === objectKey(b.meta);
}
