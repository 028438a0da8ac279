import { type Clock, describeError, type Logger } from '../../base/index.ts';
import type { SvidStore } from '../../identity/index.ts';
import type { EnrolmentPod, WorkloadUid } from '../../model/index.ts';
import type { NetNamespace } from '../../net/index.ts';
import type { ControllerClient } from '../../proxy/index.ts';
import { createArrivals } from '../cni/index.ts';
import { createEnrolmentGate } from '../control-plane/index.ts';
import {
  createNodeEnrolment,
  createNodeReports,
  type PodProxy,
  type Redirection,
} from '../enrolment/index.ts';
import {
  createExistingConnections,
  type NodeProbes,
  type PodNamespaces,
  type PodRedirection,
} from '../kernel/index.ts';
import type { SavedPods, ServedPods } from './served-pods.ts';

/** What serving pods takes, beside those who name them. */
export interface ServedPodsDeps {
  readonly svids: SvidStore;
  /** Resolves when all listeners of the pod accept. `mark`: the packet mark that whoever captured it lets pass. */
  startProxy(pod: EnrolmentPod, namespace: NetNamespace, mark: number): Promise<PodProxy>;
  /** What is wanted of a pod has changed. */
  onWanted(uid: WorkloadUid): void;
  readonly clock: Clock;
  readonly log: Logger;
  readonly random: () => number;
}

/** Pods that our controller names: this process finds their namespaces, captures them, and reports how far it has come. */
export function createEnrolledPods(
  deps: ServedPodsDeps & {
    readonly node: string;
    readonly namespaces: PodNamespaces;
    readonly redirection: PodRedirection;
    readonly probes: NodeProbes;
    readonly send: ControllerClient['report'];
    /** Whether there is no such Pod object on this node any more. */
    readonly isDeleted: (pod: EnrolmentPod) => boolean;
  },
): ServedPods {
  const { node, namespaces, redirection, probes, send, svids, clock, log, random } = deps;
  const reports = createNodeReports({ node, send, clock, log, random });
  const existing = createExistingConnections(log);
  /** Each pod's certificate is held, and so kept fresh, from its first step to its release. */
  const held = new Map<WorkloadUid, () => void>();
  let restored: SavedPods | undefined;

  const arrivals = createArrivals(namespaces, (change) => {
    enrolment.update(change);
    for (const { uid } of change.upserts) deps.onWanted(uid);
  });
  const enrolment = createNodeEnrolment<NetNamespace>({
    openNamespace: arrivals.namespaces.open,
    isCurrent: arrivals.namespaces.isCurrent,
    isDeleted: deps.isDeleted,
    async ensureSvid(pod, signal) {
      if (!held.has(pod.uid)) held.set(pod.uid, svids.retain(pod.identity));
      await svids.get(pod.identity, 'connection', signal);
    },
    startProxy(pod, namespace) {
      const older = restored?.older.get(pod.uid);
      if (older !== undefined) existing.adopt(pod, namespace, older);
      arrivals.noteServing(pod, namespace);
      return deps.startProxy(pod, namespace, redirection.markIn(namespace));
    },
    redirection: admittingProbes(redirection, probes),
    noteExistingConnections: existing.note,
    report(report) {
      if (report.state === 'released') {
        held.get(report.uid)?.();
        held.delete(report.uid);
        existing.forget(report.uid);
        probes.release(report.uid);
      }
      arrivals.noteReport(report);
      return reports.report(report);
    },
    othersInStep: () => reports.othersInStep(),
    clock,
    log,
    random,
  });
  const gate = createEnrolmentGate(arrivals.update);

  return {
    arrivals,
    update: gate.update,
    open: gate.open,
    async settled() {
      await enrolment.settled();
      await probes
        .prune(enrolment.pods().map(({ pod }) => pod))
        .catch((error: unknown) =>
          log.warn('rules of the node still name pods that are gone', { error: describeError(error) }),
        );
    },
    pods: () => enrolment.pods().map(({ pod, state }) => ({ pod, state, older: existing.of(pod.uid) })),
    wanted: enrolment.wanted,
    repeat: reports.repeat,
    saved: () => ({
      pods: arrivals.told(),
      attachments: arrivals.attachments(),
      leaving: enrolment.leaving(),
      older: existing.noted(),
    }),
    restore(saved) {
      restored = saved;
      arrivals.restore(saved.pods, saved.attachments);
      enrolment.resumeReleases(saved.leaving);
    },
    retire() {
      reports.close();
      probes.close();
    },
    stop: enrolment.stop,
    destroy(cause) {
      reports.close();
      probes.close();
      enrolment.destroy(cause);
    },
  };
}

/** Probes reach a pod past the mesh before its plaintext is captured, and until it is no more. */
function admittingProbes(
  redirection: Redirection<NetNamespace>,
  probes: NodeProbes,
): Redirection<NetNamespace> {
  return {
    ...redirection,
    async apply(namespace, pod, part) {
      if (part === 'routing') await probes.admit(pod);
      await redirection.apply(namespace, pod, part);
    },
    async remove(namespace, pod, part) {
      await redirection.remove(namespace, pod, part);
      if (part === 'nat-inbound') probes.release(pod.uid);
    },
  };
}
