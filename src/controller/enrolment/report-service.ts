import { type Logger, silentLogger } from '../../base/index.ts';
import {
  CAPTURED_BY_ANOTHER,
  type EnrolmentReceipt,
  type EnrolmentReport,
  type EnrolmentState,
  type WorkloadUid,
} from '../../model/index.ts';
import { ControllerError } from '../errors.ts';
import type { PodObject } from '../objects/index.ts';
import type { SinkQueue } from '../sink/index.ts';
import { accountOf, type Caller } from '../tokens/index.ts';
import type { Crossing } from './crossing.ts';
import { DATAPLANE_MODE, REDIRECTION, REDIRECTION_ENABLED } from '../translate/index.ts';

/** Who may report, what a report changes, and how long an answer waits for that. */
export interface ReportServiceOptions {
  readonly trustedNodeAccounts: ReadonlySet<string>;
  /** The pod behind a workload's uid. */
  readonly podOf: (uid: WorkloadUid) => PodObject | undefined;
  readonly crossing: Crossing;
  /** Istio's annotation is another mesh's: ours has our name. Default false. */
  readonly sideBySide?: boolean | undefined;
  /** Announces the pods as captured or not, at once. */
  readonly announce: (captures: readonly { readonly pod: PodObject; readonly captured: boolean }[]) => void;
  /** The pod's annotation has been written. */
  readonly written: (pod: PodObject) => void;
  /** Resolves whether every proxy has acknowledged what was announced so far; false after `timeoutMs`. */
  readonly acknowledged: (timeoutMs: number) => Promise<boolean>;
  /** Tells the other controllers, whose proxies must know too. Default: there are none. */
  readonly relay?: (report: EnrolmentReport, caller: Caller, timeoutMs: number) => Promise<boolean>;
  readonly sink: Pick<SinkQueue, 'annotatePod' | 'recordEvent' | 'setStatus'>;
  /** How long a pod that joins waits for the proxies. Default 500. */
  readonly joinWaitMs?: number | undefined;
  /** How long a pod that leaves waits for them. Default 2,000. */
  readonly leaveWaitMs?: number | undefined;
  /** How long a pod on its way waits for those that go with it. Default 10,000. */
  readonly stepWaitMs?: number | undefined;
  readonly log?: Logger;
}

/** Takes what nodes say of their pods, and answers when the mesh knows it. */
export interface ReportService {
  /** Throws ControllerError ERR_CONTROLLER_SCOPE for a report of another node than the caller's. */
  report(report: EnrolmentReport, caller: Caller): Promise<EnrolmentReceipt>;
}

type ReportedPod = EnrolmentReport['pods'][number];

/** Rejects with ControllerError whoever is not the node's own proxy. */
export function createReportService(options: ReportServiceOptions): ReportService {
  const { sink, relay = async () => true, log = silentLogger } = options;
  const { joinWaitMs = 500, leaveWaitMs = 2_000, stepWaitMs = 10_000 } = options;
  // By node and generation: a report that was overtaken must not undo the newer one.
  const newest = new Map<string, number>();
  const failed = new Set<WorkloadUid>();
  /** Pods of another mesh: what their annotation says is that mesh's word. */
  const foreign = new Set<WorkloadUid>();
  /** Pods of ours that Istio has captured as well. */
  const contested = new Set<WorkloadUid>();
  // Every report lists all pods of the node; only what is new in it belongs into the log.
  const lastState = new Map<WorkloadUid, ReportedPod['state']>();

  function take(entry: ReportedPod, { node, relayed = false }: EnrolmentReport) {
    const pod = options.podOf(entry.uid);
    if (pod === undefined || pod.node !== node) {
      // A pod that has just been deleted is reported released; there is nothing left to say of it.
      failed.delete(entry.uid);
      foreign.delete(entry.uid);
      contested.delete(entry.uid);
      lastState.delete(entry.uid);
      log.debug('report of a pod that is not on the node', { node, uid: entry.uid, state: entry.state });
      return [];
    }
    const captured = ANNOUNCED.has(entry.state);
    if (entry.errorCode === CAPTURED_BY_ANOTHER) foreign.add(entry.uid);
    else if (captured) foreign.delete(entry.uid);
    if (lastState.get(entry.uid) !== entry.state)
      log.info('node reported a pod', { node, uid: entry.uid, state: entry.state });
    lastState.set(entry.uid, entry.state);
    if (entry.state === 'failed') {
      failed.add(entry.uid);
      if (!relayed) tellFailure(pod, entry);
    } else if (failed.delete(entry.uid) && !relayed) {
      tellState(pod, { status: captured ? 'True' : 'False', reason: 'Reported', message: entry.state });
    }
    if (captured && options.sideBySide === true && isIstiosToo(pod)) {
      if (!contested.has(entry.uid) && !relayed) tellContest(pod);
      contested.add(entry.uid);
    } else contested.delete(entry.uid);
    if (foreign.has(entry.uid)) return [];
    return [{ pod, captured, leaving: entry.state === 'leaving' || entry.state === 'released' }];
  }

  function tellFailure(pod: PodObject, entry: ReportedPod): void {
    const message = `${entry.errorCode}: ${entry.error}`;
    const { namespace, name } = pod.meta;
    log.warn('pod could not be enrolled', { uid: entry.uid, code: entry.errorCode, reason: entry.error });
    sink.recordEvent({ kind: 'Pod', namespace, name, type: 'Warning', reason: 'EnrolmentFailed', message });
    tellState(pod, { status: 'False', reason: 'EnrolmentFailed', message });
  }

  function tellContest({ meta: { namespace, name } }: PodObject): void {
    const message = `Istio has captured this pod too (annotation ${REDIRECTION.istio}), and this mesh goes on with it. For it to stay here set ${DATAPLANE_MODE.istio}=none; for Istio to have it alone remove ${DATAPLANE_MODE.own}`;
    sink.recordEvent({ kind: 'Pod', namespace, name, type: 'Warning', reason: 'CapturedTwice', message });
  }

  function tellState(
    { meta }: PodObject,
    state: { readonly status: 'True' | 'False'; readonly reason: string; readonly message: string },
  ): void {
    const { namespace, name, generation: observedGeneration } = meta;
    const conditions = [{ type: 'nodemesh.io/Enrolled', observedGeneration, ...state }];
    sink.setStatus({ apiVersion: 'v1', kind: 'Pod', namespace, name, writer: 'enrolment', conditions });
  }

  function write(taken: readonly { readonly pod: PodObject; readonly captured: boolean }[]): void {
    for (const { pod, captured } of taken) {
      const { namespace, name, uid } = pod.meta;
      const annotations =
        options.sideBySide === true
          ? ownAnnotations(pod, captured)
          : { [REDIRECTION.istio]: captured ? REDIRECTION_ENABLED : null };
      void sink.annotatePod({ namespace, name, uid, annotations }).then(() => options.written(pod));
    }
  }

  return {
    async report(report, caller) {
      checkScope(report, caller, options.trustedNodeAccounts);
      const behindMs = (newest.get(report.node) ?? 0) - report.generation;
      if (behindMs > 0 && behindMs <= LONGEST_UNDER_WAY_MS) {
        log.info('overtaken report passed over', { node: report.node, generation: report.generation });
        return { acknowledged: false };
      }
      newest.set(report.node, report.generation);
      // A node has no say in how far another node's pods are.
      options.crossing.take(
        report.pods.filter(({ uid }) => (options.podOf(uid)?.node ?? report.node) === report.node),
      );
      const tellOthers = (waitMs: number): Promise<boolean> =>
        report.relayed === true ? Promise.resolve(true) : relay(report, caller, waitMs + ON_THE_WAY_MS);
      if (report.awaitsOthers === true)
        return { acknowledged: await all(options.crossing.settled(stepWaitMs), tellOthers(stepWaitMs)) };
      const taken = report.pods.flatMap((entry) => take(entry, report));
      options.announce(taken);
      // What another replica writes counts here until the pod says the same.
      if (report.relayed === true) for (const { pod } of taken) options.written(pod);
      else write(taken);
      if (taken.length === 0 && report.pods.length === 0) return { acknowledged: true };
      const waitMs = taken.some(({ leaving }) => leaving) ? leaveWaitMs : joinWaitMs;
      return { acknowledged: await all(options.acknowledged(waitMs), tellOthers(waitMs)) };
    },
  };
}

/**
 * What a node has captured without our annotation is not Istio's: Istio's is one of ours then, from before that mesh came. Beside
 * our annotation it is Istio's own word, by which its agent finds its pods again, and not ours to take away.
 */
function ownAnnotations(pod: PodObject, captured: boolean): Readonly<Record<string, string | null>> {
  if (!captured) return { [REDIRECTION.own]: null };
  const enabled = { [REDIRECTION.own]: REDIRECTION_ENABLED };
  return pod.meta.annotations.has(REDIRECTION.own) ? enabled : { ...enabled, [REDIRECTION.istio]: null };
}

/** Somebody has labelled it for Istio as well, whose agent does not look whether a pod has a mesh already. */
function isIstiosToo({ meta: { annotations } }: PodObject): boolean {
  return annotations.has(REDIRECTION.own) && annotations.get(REDIRECTION.istio) === REDIRECTION_ENABLED;
}

async function all(...answers: readonly Promise<boolean>[]): Promise<boolean> {
  return (await Promise.all(answers)).every((answer) => answer);
}

/**
 * Generations count milliseconds. No report is under way for so long: one that is further behind comes from a node whose
 * clock was ahead, or where somebody lied, and that must not silence it for ever.
 */
const LONGEST_UNDER_WAY_MS = 600_000;
/** What a report takes to another controller and back. */
const ON_THE_WAY_MS = 250;
const ANNOUNCED: ReadonlySet<EnrolmentState> = new Set(['prepared', 'sending', 'captured']);

function checkScope(report: EnrolmentReport, caller: Caller, trustedNodeAccounts: ReadonlySet<string>): void {
  const account = accountOf(caller);
  if (trustedNodeAccounts.has(account) && caller.node !== '' && caller.node === report.node) return;
  throw new ControllerError({
    code: 'ERR_CONTROLLER_SCOPE',
    blame: 'downstream',
    message: `expected a report of the node proxy of ${report.node}, got one of ${account} on ${caller.node || 'no node'}`,
  });
}
