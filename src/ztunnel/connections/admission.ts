import type { Clock, MeshError, Timer } from '../../base/index.ts';
import type { MeshView, PolicyKey, Workload, WorkloadUid } from '../../model/index.ts';
import { ZtunnelError } from '../errors.ts';
import { untilKnown } from '../../proxy/index.ts';
import {
  type AdmissionAttributes,
  type DryRun,
  type Judge,
  judgeInbound,
  type Reason,
  type Verdict,
} from './inbound-verdict.ts';

/** A connection that wants to be let in. */
export interface AdmissionRequest {
  /** The pod that is dialled. */
  readonly destination: WorkloadUid;
  readonly attributes: AdmissionAttributes;
  /** Called when a later change refuses what was admitted. */
  cut(cause: MeshError): void;
}

/** A connection that was let in. */
export interface AdmittedConnection {
  /** To be called when the connection is over. */
  readonly release: () => void;
  /** The ALLOW policy that let it in; undefined where none had to. */
  readonly policy: PolicyKey | undefined;
}

/** Judges connections to local pods, and judges them again whenever what decides about them changes. */
export interface Admission {
  /**
   * Resolves with its release, and what let it in. Throws ERR_ZTUNNEL_DENIED (after holding for
   * policies that are named but not here yet) or ERR_ZTUNNEL_UNKNOWN_DESTINATION.
   */
  admit(request: AdmissionRequest): Promise<AdmittedConnection>;
  /** Judges the connections to a pod again: what decides about it beside policies has changed. */
  review(destination: WorkloadUid): void;
  /** Stops watching; nothing is judged again. */
  close(): void;
}

/**
 * Rejects with ZtunnelError what is refused; a policy that has not arrived is waited for `holdMs` long. Closing stops the
 * judging.
 */
export function createAdmission(deps: {
  readonly view: MeshView;
  readonly judge: Judge;
  readonly holdMs: number;
  readonly clock: Clock;
  /** Whether the pod takes nothing that comes round its waypoint. */
  readonly refusesBypass: (destination: WorkloadUid) => boolean;
  /** Told of each policy that is not enforced, for each new connection. */
  readonly onDryRun: (outcome: DryRun) => void;
  /** Told what decided about each new connection, also where that was no policy, and about each that is cut later. */
  readonly onDecided?: (verdict: 'allow' | 'deny', reason: Reason) => void;
}): Admission {
  const { view, judge, clock, holdMs, refusesBypass, onDryRun, onDecided } = deps;
  const admitted = new Map<WorkloadUid, Set<AdmissionRequest>>();
  const holding = new Map<WorkloadUid, Timer>();
  const unsubscribe = view.changes.subscribe((change) => {
    for (const uid of admitted.keys()) {
      const workload = view.workload(uid);
      if (workload === undefined) continue;
      const concerned =
        change.workloads.has(uid) ||
        change.concernsPoliciesOf(workload) ||
        // The waypoint may be another now, or none.
        (change.services.size > 0 && refusesBypass(uid));
      if (concerned) judgeAgain(workload, 'hold');
    }
  });

  const verdictOn = (workload: Workload, attributes: AdmissionAttributes): Verdict =>
    judgeInbound({ view, workload, attributes, refusesBypass: refusesBypass(workload.uid) }, judge);

  /** A policy that is only late must not cut anybody; one that never comes must not let anybody stay. */
  function judgeAgain(workload: Workload, whenMissing: 'hold' | 'refuse'): void {
    for (const request of [...(admitted.get(workload.uid) ?? [])]) {
      const { verdict, reason } = verdictOn(workload, request.attributes);
      if (verdict === 'wait' && whenMissing === 'hold') holdThenRefuse(workload.uid);
      else if (verdict !== 'allow') {
        onDecided?.('deny', reason);
        request.cut(denied('ERR_ZTUNNEL_DENIED_LATER', reason));
      }
    }
  }

  function holdThenRefuse(uid: WorkloadUid): void {
    if (holding.has(uid)) return;
    const timer = clock.after(holdMs, () => {
      holding.delete(uid);
      const workload = view.workload(uid);
      if (workload !== undefined) judgeAgain(workload, 'refuse');
    });
    holding.set(uid, timer);
  }

  function remember(request: AdmissionRequest): () => void {
    let requests = admitted.get(request.destination);
    if (requests === undefined) {
      requests = new Set();
      admitted.set(request.destination, requests);
    }
    requests.add(request);
    const held = requests;
    return () => {
      held.delete(request);
      if (held.size === 0 && admitted.get(request.destination) === held) admitted.delete(request.destination);
    };
  }

  /** The verdict once all named policies are here, or `wait` when they do not come. */
  async function settledVerdict(request: AdmissionRequest, first: Workload): Promise<Verdict> {
    const verdict = verdictOn(first, request.attributes);
    if (verdict.verdict !== 'wait') return verdict;
    const settled = await untilKnown({ changes: view.changes, clock }, holdMs, () => {
      const workload = view.workload(request.destination);
      const again = workload === undefined ? undefined : verdictOn(workload, request.attributes);
      return again?.verdict === 'wait' ? undefined : again;
    });
    return settled ?? verdict;
  }

  return {
    async admit(request) {
      const workload = await untilKnown({ changes: view.changes, clock }, holdMs, () =>
        view.workload(request.destination),
      );
      if (workload === undefined) throw unknownDestination(request);
      // Registered before the first verdict, so that no change falls between the two.
      const release = remember(request);
      const { verdict, reason, dryRun } = await settledVerdict(request, workload);
      for (const outcome of dryRun) onDryRun(outcome);
      onDecided?.(verdict === 'allow' ? 'allow' : 'deny', reason);
      if (verdict === 'allow') return { release, policy: reason.policy };
      release();
      throw denied('ERR_ZTUNNEL_DENIED', reason);
    },
    review(destination) {
      const workload = view.workload(destination);
      if (workload !== undefined) judgeAgain(workload, 'hold');
    },
    close() {
      unsubscribe();
      for (const timer of holding.values()) timer.cancel();
      holding.clear();
    },
  };
}

function denied(code: 'ERR_ZTUNNEL_DENIED' | 'ERR_ZTUNNEL_DENIED_LATER', reason: Reason): ZtunnelError {
  const { policy, rule, unmatched, sentence: message, isBypass } = reason;
  const hint = reason.hint ?? reason.remedy;
  if (isBypass !== true)
    return new ZtunnelError({ code, blame: 'downstream', message, hint, policy, rule, unmatched });
  return new ZtunnelError({
    code: code === 'ERR_ZTUNNEL_DENIED' ? 'ERR_ZTUNNEL_WAYPOINT_BYPASS' : code,
    blame: 'downstream',
    message,
    hint,
    reason: 'WAYPOINT_BYPASS',
  });
}

function unknownDestination(request: AdmissionRequest): ZtunnelError {
  return new ZtunnelError({
    code: 'ERR_ZTUNNEL_UNKNOWN_DESTINATION',
    blame: 'local',
    message: `the workload ${request.destination} has not arrived from the control plane`,
    hint: 'check that this node is connected to its controller, and that the pod is Running with an IP',
    retryable: true,
  });
}
