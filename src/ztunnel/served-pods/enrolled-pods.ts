import type { Clock, Logger } from '../../base/index.ts';
import type { SvidStore } from '../../identity/index.ts';
import type { EnrolmentPod, WorkloadUid } from '../../model/index.ts';
import type { NetNamespace } from '../../net/index.ts';
import type { ControllerClient } from '../../proxy/index.ts';
import { createEnrolmentGate } from '../control-plane/index.ts';
import { createNodeEnrolment, createNodeReports, type PodProxy } from '../enrolment/index.ts';
import { createExistingConnections, createPodRedirection, type PodNamespaces } from '../kernel/index.ts';
import type { SavedPods, ServedPods } from './served-pods.ts';

/** What serving pods takes, beside those who name them. */
export interface ServedPodsDeps {
  readonly svids: SvidStore;
  /** Resolves when all listeners of the pod accept. */
  startProxy(pod: EnrolmentPod, namespace: NetNamespace): Promise<PodProxy>;
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
    readonly send: ControllerClient['report'];
  },
): ServedPods {
  const { node, namespaces, send, svids, clock, log, random } = deps;
  const reports = createNodeReports({ node, send, clock, log, random });
  const existing = createExistingConnections(log);
  /** Each pod's certificate is held, and so kept fresh, from its first step to its release. */
  const held = new Map<WorkloadUid, () => void>();
  let restored: SavedPods | undefined;

  const enrolment = createNodeEnrolment<NetNamespace>({
    openNamespace: namespaces.open,
    isCurrent: namespaces.isCurrent,
    async ensureSvid(pod, signal) {
      if (!held.has(pod.uid)) held.set(pod.uid, svids.retain(pod.identity));
      await svids.get(pod.identity, 'connection', signal);
    },
    startProxy(pod, namespace) {
      const older = restored?.older.get(pod.uid);
      if (older !== undefined) existing.adopt(pod, namespace, older);
      return deps.startProxy(pod, namespace);
    },
    redirection: createPodRedirection(),
    noteExistingConnections: existing.note,
    report(report) {
      if (report.state === 'released') {
        held.get(report.uid)?.();
        held.delete(report.uid);
        existing.forget(report.uid);
      }
      return reports.report(report);
    },
    othersInStep: () => reports.othersInStep(),
    clock,
    log,
    random,
  });
  const gate = createEnrolmentGate((change) => {
    enrolment.update(change);
    for (const { uid } of change.upserts) deps.onWanted(uid);
  });

  return {
    update: gate.update,
    open: gate.open,
    settled: enrolment.settled,
    pods: () => enrolment.pods().map(({ pod, state }) => ({ pod, state, older: existing.of(pod.uid) })),
    wanted: enrolment.wanted,
    repeat: reports.repeat,
    saved: () => ({
      pods: enrolment.desired(),
      leaving: enrolment.leaving(),
      older: existing.noted(),
    }),
    restore(saved) {
      restored = saved;
      enrolment.update({ upserts: saved.pods, removed: [] });
      enrolment.resumeReleases(saved.leaving);
    },
    retire: reports.close,
    stop: enrolment.stop,
    destroy(cause) {
      reports.close();
      enrolment.destroy(cause);
    },
  };
}
