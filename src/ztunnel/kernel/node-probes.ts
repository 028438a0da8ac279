import { type Clock, describeError, type Logger, type Timer } from '../../base/index.ts';
import type { EnrolmentPod, IpAddress, WorkloadUid } from '../../model/index.ts';
import {
  type HostFirewall,
  type HostFirewallKind,
  type NetNamespace,
  openHostFirewall,
  openNamespace,
  type ProbeMember,
} from '../../net/index.ts';

/** How often it is looked whether somebody has flushed the node's rules. */
const CHECK_EVERY_MS = 15_000;

/** Probes of the node's own processes, the kubelet's above all: they reach captured pods past the mesh (wire.md §3.4). */
export interface NodeProbes {
  /** Resolves when they reach the pod: to be done before it is captured. Rejects with NetError. Idempotent. */
  admit(pod: EnrolmentPod): Promise<void>;
  /** The pod is captured no more. An address that another pod has by now stays. */
  release(uid: WorkloadUid): void;
  /** These are all pods that there are: what an earlier process admitted beside them goes. */
  prune(pods: Iterable<EnrolmentPod>): Promise<void>;
  /** Rules stay, for the next process; nobody repairs them any more. */
  close(): void;
}

/** Where the node's rules are not ours to make. */
export const NO_NODE_PROBES: NodeProbes = {
  admit: () => Promise.resolve(),
  release: () => undefined,
  prune: () => Promise.resolve(),
  close: () => undefined,
};

/** Where the node's rules are, and with which tool they are made. */
export interface NodeProbesOptions {
  /** The node's network namespace, as a file. */
  readonly hostNamespace: string;
  readonly firewall: HostFirewallKind | 'auto';
  readonly clock: Clock;
  readonly log: Logger;
}

/** One change of the rules at a time; pods that come together are one change. */
export function createNodeProbes({ hostNamespace, firewall, clock, log }: NodeProbesOptions): NodeProbes {
  /** By address, so that the pod that has it last owns it. */
  const wanted = new Map<IpAddress, string>();
  const admitted = new Map<WorkloadUid, EnrolmentPod>();
  let opened: Promise<HostFirewall> | undefined;
  let last: Promise<unknown> = Promise.resolve();
  let gathered: { readonly members: ProbeMember[]; readonly done: Promise<void> } | undefined;
  let namespace: NetNamespace | undefined;
  let check: Timer | undefined;
  let closed = false;

  /** Detected once, and again after a failure. */
  function open(): Promise<HostFirewall> {
    opened ??= Promise.resolve().then(async () => {
      namespace ??= openNamespace(hostNamespace);
      const found = await openHostFirewall(namespace, firewall);
      await found.install();
      log.info('probes of the node go past the mesh', { by: found.kind });
      return found;
    });
    opened.catch(() => {
      opened = undefined;
    });
    return opened;
  }

  function inTurn<T>(work: (rules: HostFirewall) => Promise<T>): Promise<T> {
    const turn = last.then(async () => work(await open()));
    last = turn.catch(() => undefined);
    return turn;
  }

  function add(members: readonly ProbeMember[]): Promise<void> {
    if (gathered === undefined) {
      const batch: ProbeMember[] = [];
      const done = inTurn((rules) => {
        gathered = undefined;
        return rules.add(batch);
      });
      gathered = { members: batch, done };
      done.catch(() => {
        if (gathered?.members === batch) gathered = undefined;
      });
    }
    gathered.members.push(...members);
    return gathered.done;
  }

  /** Only what still says so belongs to the owner: a later process may have given the address to another pod. */
  async function drop(isStale: (address: IpAddress, owner: string) => boolean): Promise<void> {
    await inTurn(async (rules) => {
      const present = await rules.members();
      const stale = [...(present ?? [])].filter(
        ([address, owner]) => !wanted.has(address) && isStale(address, owner),
      );
      if (stale.length > 0) await rules.delete(stale.map(([address]) => address));
    });
  }

  async function repair(): Promise<void> {
    await inTurn(async (rules) => {
      const wasBroken = await rules.install();
      const present = await rules.members();
      const missing = [...wanted].filter(([address, owner]) => present?.get(address) !== owner);
      await rules.add(missing.map(([address, owner]) => ({ address, owner })));
      if (wasBroken || missing.length > 0)
        log.warn('rules of the node for its probes had gone, and are there again', { pods: missing.length });
    });
  }

  function watch(): void {
    if (closed) return;
    check = clock.after(CHECK_EVERY_MS, () => {
      const work = wanted.size === 0 ? Promise.resolve() : repair();
      work
        .catch((error: unknown) =>
          log.warn('rules of the node not repaired', { error: describeError(error) }),
        )
        .finally(watch);
    });
  }
  watch();

  function forget(pod: EnrolmentPod, kept: readonly IpAddress[]): void {
    const owner = ownerOf(pod);
    const own = pod.addresses.filter((address) => wanted.get(address) === owner && !kept.includes(address));
    if (own.length === 0) return;
    for (const address of own) wanted.delete(address);
    drop((address, present) => present === owner && own.includes(address)).catch((error: unknown) =>
      log.warn('a pod stays in the rules of the node', { pod: pod.uid, error: describeError(error) }),
    );
  }

  return {
    async admit(pod) {
      const owner = ownerOf(pod);
      const earlier = admitted.get(pod.uid);
      const news = pod.addresses.filter((address) => wanted.get(address) !== owner);
      if (news.length > 0) await add(news.map((address) => ({ address, owner })));
      for (const address of news) wanted.set(address, owner);
      admitted.set(pod.uid, pod);
      if (earlier !== undefined) forget(earlier, pod.addresses);
    },
    release(uid) {
      const pod = admitted.get(uid);
      admitted.delete(uid);
      if (pod !== undefined) forget(pod, []);
    },
    async prune(pods) {
      const known = new Set([...pods].flatMap(({ addresses }) => addresses));
      await drop((address) => !known.has(address));
    },
    close() {
      closed = true;
      check?.cancel();
      last.then(() => namespace?.close(), ignore);
    },
  };
}

function ignore(): void {
  // Whoever asked for it was told.
}

function ownerOf(pod: EnrolmentPod): string {
  return pod.kubernetesUid === '' ? pod.uid : pod.kubernetesUid;
}
