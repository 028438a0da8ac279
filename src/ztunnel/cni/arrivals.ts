import { createSignal, type Signal } from '../../base/index.ts';
import type { EnrolmentPod, IpAddress, WorkloadUid } from '../../model/index.ts';
import type { NetNamespace } from '../../net/index.ts';
import type { PodReport } from '../enrolment/index.ts';
import type { PodNamespaces } from '../kernel/index.ts';
import { createAttachedNamespaces, isOfAnother, isThere } from './attached-namespaces.ts';
import { type Attachment, isSamePod, type PodName } from './attachment.ts';

/** New and changed pods, and the uids of those that went away. */
interface PodsChange {
  readonly upserts: readonly EnrolmentPod[];
  readonly removed: readonly WorkloadUid[];
}

type NamespaceId = Pick<NetNamespace, 'device' | 'inode'>;

/** How an attempt to enrol a pod ended. */
export interface Attempt {
  readonly uid: WorkloadUid;
  /** The namespace that is captured now; undefined: none, `problem` says why. */
  readonly captured: NamespaceId | undefined;
  readonly problem: string;
}

/**
 * Stands between the controller and the enrolment of pods: one that has no network yet is held here until its CNI plugin
 * names its network namespace, or the controller its addresses, whatever comes first.
 */
export interface Arrivals {
  /** Where pods' network namespaces are, those included that plugins have named. */
  readonly namespaces: PodNamespaces;
  /** What the controller wants enrolled. */
  update(change: PodsChange): void;
  /** The pod, if the controller wants it enrolled. */
  find(pod: PodName): EnrolmentPod | undefined;
  /** Something else than before may be found. */
  readonly changes: Signal<void>;
  /**
   * Whether there is room for an attachment: a runtime that takes none back must not fill the memory. Where there is none, those whose
   * namespace is gone are taken for taken back.
   */
  hasRoom(attachment: Pick<Attachment, 'containerId' | 'interfaceName'>): Promise<boolean>;
  /** A plugin was called for a pod. The pod is enrolled as one that nobody has talked to yet. */
  attach(attachment: Attachment): void;
  /** The pod of this attachment is captured in that namespace: from now on it is one like others. */
  settle(attachment: Attachment): void;
  /** Its network is about to go. */
  detach(attachment: Pick<Attachment, 'containerId' | 'interfaceName'>): void;
  attachments(): readonly Attachment[];
  /** Whether the last that was said of the pod is that it is captured, there. */
  isCapturedIn(pod: EnrolmentPod, namespace: NamespaceId): boolean;
  readonly attempts: Signal<Attempt>;
  /** Pods as the controller told them, for the saved state. */
  told(): readonly EnrolmentPod[];
  /** What an earlier process left. */
  restore(told: readonly EnrolmentPod[], attachments: readonly Attachment[]): void;
  /** To be told when a pod's listeners are in `namespace`. */
  noteServing(pod: EnrolmentPod, namespace: NetNamespace): void;
  /** To be told what is reported. */
  noteReport(report: PodReport): void;
}

/** `pass` hands on to the enrolment. */
export function createArrivals(others: PodNamespaces, pass: (change: PodsChange) => void): Arrivals {
  const told = new Map<WorkloadUid, EnrolmentPod>();
  const passed = new Set<WorkloadUid>();
  const serving = new Map<WorkloadUid, NamespaceId>();
  const captured = new Map<WorkloadUid, NamespaceId>();
  /** By container and interface. */
  const attachments = new Map<string, Attachment>();
  /** By the pod's namespace and name: the newest, for a pod may get a new sandbox before the old one is gone. */
  const newest = new Map<string, Attachment>();
  /** Not captured yet. */
  const fresh = new Set<Attachment>();
  /** What the pod's addresses were said to be when its plugin was called: those of the sandbox before, if there was one. */
  const outdated = new WeakMap<Attachment, readonly IpAddress[]>();
  const changes = createSignal<void>();
  const attempts = createSignal<Attempt>();

  function attachmentOf(pod: EnrolmentPod): Attachment | undefined {
    const attachment = newest.get(podKey(pod));
    return attachment !== undefined && isSamePod(attachment.pod, nameOf(pod)) ? attachment : undefined;
  }

  function keep(attachment: Attachment): void {
    attachments.set(keyOf(attachment), attachment);
    newest.set(podKey(attachment.pod), attachment);
  }

  function drop(attachment: Attachment): void {
    attachments.delete(keyOf(attachment));
    fresh.delete(attachment);
    const key = podKey(attachment.pod);
    if (newest.get(key) === attachment) newest.delete(key);
  }

  /** As the enrolment is to have it; undefined: not yet. */
  function arrived(pod: EnrolmentPod): EnrolmentPod | undefined {
    const attachment = attachmentOf(pod);
    if (attachment === undefined) return pod.addresses.length > 0 || pod.netns !== '' ? pod : undefined;
    return { ...pod, addresses: addressesOf(pod, attachment), isNew: pod.isNew || fresh.has(attachment) };
  }

  /**
   * What was said last. A kubelet reports the addresses of a new sandbox only when its containers have started: until then
   * the controller tells those of the one before (a node that was started again has nothing else), and another pod may have
   * them by now.
   */
  function addressesOf(pod: EnrolmentPod, attachment: Attachment): readonly IpAddress[] {
    const before = outdated.get(attachment) ?? [];
    const isNews = pod.addresses.some((address) => !before.includes(address));
    return isNews || attachment.addresses.length === 0 ? pod.addresses : attachment.addresses;
  }

  function forward(pods: Iterable<EnrolmentPod>, gone: readonly WorkloadUid[] = []): void {
    const upserts: EnrolmentPod[] = [];
    const removed = gone.filter((uid) => passed.delete(uid));
    for (const pod of pods) {
      const ready = arrived(pod);
      if (ready !== undefined) {
        upserts.push(ready);
        passed.add(pod.uid);
      } else if (passed.delete(pod.uid)) removed.push(pod.uid);
    }
    if (upserts.length > 0 || removed.length > 0) pass({ upserts, removed });
  }

  const detach = (which: Pick<Attachment, 'containerId' | 'interfaceName'>): void => {
    const attachment = attachments.get(keyOf(which));
    if (attachment === undefined) return;
    drop(attachment);
    // One whose addresses are known is looked for by other means: it may have got a new sandbox already.
    forward(podsOf(attachment).filter((pod) => arrived(pod) === undefined));
  };

  let sweeping: Promise<void> | undefined;
  const sweep = async (): Promise<void> => {
    for (const attachment of [...attachments.values()]) if (!(await isThere(attachment))) detach(attachment);
    sweeping = undefined;
  };

  const podsOf = (attachment: Attachment): readonly EnrolmentPod[] =>
    [...told.values()].filter((pod) => isSamePod(attachment.pod, nameOf(pod)));

  return {
    namespaces: createAttachedNamespaces(others, attachmentOf),
    update({ upserts, removed }) {
      for (const uid of removed) told.delete(uid);
      for (const pod of upserts) told.set(pod.uid, pod);
      forward(upserts, removed);
      changes.emit();
    },
    find: (pod) => [...told.values()].find((candidate) => isSamePod(pod, nameOf(candidate))),
    changes,
    async hasRoom(attachment) {
      if (attachments.has(keyOf(attachment)) || attachments.size < MOST_ATTACHMENTS) return true;
      sweeping ??= sweep();
      await sweeping;
      return attachments.size < MOST_ATTACHMENTS;
    },
    attach(attachment) {
      keep(attachment);
      fresh.add(attachment);
      outdated.set(
        attachment,
        podsOf(attachment).flatMap(({ addresses }) => addresses),
      );
      forward(podsOf(attachment));
    },
    settle: (attachment) => fresh.delete(attachment),
    detach,
    attachments: () => [...attachments.values()],
    isCapturedIn(pod, { device, inode }) {
      const where = captured.get(pod.uid);
      return where?.device === device && where.inode === inode;
    },
    attempts,
    told: () => [...told.values()],
    restore(pods, kept) {
      for (const attachment of kept) if (!isOfAnother(attachment)) keep(attachment);
      for (const pod of pods) told.set(pod.uid, pod);
      forward(pods);
    },
    noteServing(pod, { device, inode }) {
      serving.set(pod.uid, { device, inode });
    },
    noteReport({ uid, state, failure }) {
      if (state === 'captured') {
        const where = serving.get(uid);
        if (where !== undefined) captured.set(uid, where);
        attempts.emit({ uid, captured: where, problem: '' });
        return;
      }
      if (state === 'released') serving.delete(uid);
      captured.delete(uid);
      if (state === 'failed') attempts.emit({ uid, captured: undefined, problem: failure?.message ?? '' });
    },
  };
}

/** Ten times as many as the pods of a large node. */
export const MOST_ATTACHMENTS = 4_096;

function nameOf({ namespace, name, kubernetesUid: uid }: EnrolmentPod): PodName {
  return { namespace, name, uid };
}

function podKey({ namespace, name }: { readonly namespace: string; readonly name: string }): string {
  return `${namespace}/${name}`;
}

function keyOf({ containerId, interfaceName }: Pick<Attachment, 'containerId' | 'interfaceName'>): string {
  return `${containerId}/${interfaceName}`;
}
