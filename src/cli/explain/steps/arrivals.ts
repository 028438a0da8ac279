import {
  inboundPath,
  type IpAddress,
  nameWaypoint,
  type Workload,
  type WorkloadIdentity,
} from '../../../model/index.ts';
import { decideL4, type Decision } from '../../../policy/index.ts';
import { judgeInbound } from '../../../ztunnel/index.ts';
import type { World } from '../../world/index.ts';
import {
  type Ending,
  type Fact,
  noteFact,
  okFact,
  openFact,
  type PolicyFact,
  stopFact,
  type StepResult,
} from '../explanation.ts';
import { isCaptured } from '../parties/caller.ts';
import { l4Facts } from './policy-facts.ts';
import { type FixContext, smallestChange } from './smallest-change.ts';

/** A connection where a pod's proxy gets it. */
export interface Arrival {
  readonly workload: Workload;
  readonly address: IpAddress;
  readonly port: number;
  /** Of whoever the proxy sees at the other end. */
  readonly peerAddress: IpAddress;
  /** Undefined: plaintext. */
  readonly peer: WorkloadIdentity | undefined;
}

/** What the proxy of one pod does with an arrival. */
interface Judged {
  readonly arrival: Arrival;
  readonly verdict: 'allow' | 'deny' | 'wait' | 'nobody judges';
  readonly facts: readonly Fact[];
  readonly policies: readonly PolicyFact[];
  readonly ending: Ending | undefined;
}

/**
 * The last hop: the proxies of the pods that may get it. Pods of one service may have different policies, so all of them are
 * asked; `callerNamespace` is of whoever called first.
 */
export function judgeArrivals(
  world: World,
  arrivals: readonly [Arrival, ...Arrival[]],
  callerNamespace: string | undefined,
): StepResult {
  const judged = arrivals.map((arrival) => judgeArrival(world, arrival, callerNamespace));
  const refusing = judged.filter(({ ending }) => ending !== undefined);
  const [shown = judged[0]] = refusing;
  // There is at least one arrival.
  if (shown === undefined) return { hop: { name: 'nobody', mark: 'open', facts: [], policies: [] } };
  const { arrival, facts, policies, ending } = shown;
  const isMixed = refusing.length > 0 && refusing.length < judged.length;
  const others =
    judged.length === 1
      ? []
      : [
          isMixed
            ? openFact(
                `${refusing.length} of ${judged.length} endpoints refuse: it depends on which one is chosen`,
              )
            : noteFact(
                `so do all ${judged.length} endpoints`,
                judged.map(({ arrival: { workload } }) => workload.name),
              ),
        ];
  const isHere = shown.verdict !== 'nobody judges';
  return {
    hop: {
      name: `${isHere ? 'node proxy of' : 'pod'} ${arrival.workload.namespace}/${arrival.workload.name}${isHere && arrival.workload.node !== '' ? ` on ${arrival.workload.node}` : ''}`,
      mark: ending === undefined ? 'ok' : isMixed ? 'open' : 'stop',
      facts: [...facts, ...others],
      policies,
    },
    end: ending && (isMixed ? { ...ending, verdict: 'unknown' } : ending),
  };
}

function judgeArrival(world: World, arrival: Arrival, callerNamespace: string | undefined): Judged {
  const unjudged = whyUnjudged(world, arrival);
  if (unjudged !== undefined)
    return {
      arrival,
      verdict: 'nobody judges',
      facts: [noteFact(unjudged)],
      policies: [],
      ending: undefined,
    };
  const { view } = world;
  const { workload, address, port, peer, peerAddress } = arrival;
  const attributes = {
    sourceAddress: peerAddress,
    destinationAddress: address,
    destinationPort: port,
    source: peer,
  };
  const refusesBypass = world.enrolmentOf(workload)?.waypointBypass === 'refuse';
  let decision: Decision | undefined;
  const verdict = judgeInbound({ view, workload, attributes, refusesBypass }, (question) => {
    decision = decideL4(question);
    return decision;
  });
  const strict = strictFor(world, workload);
  const policies =
    decision === undefined
      ? []
      : l4Facts(world, { ...view.policiesFor(workload), attributes, decision, strict });
  const path = inboundPath({ view, workload, port, peer: peer?.id });
  const facts = [
    okFact(`${peer?.id ?? 'plaintext'} from ${peerAddress} to port ${port}`),
    ...(path.kind === 'round' ? [roundFact(path, refusesBypass)] : []),
    verdict.verdict === 'allow' ? okFact(verdict.reason.sentence) : stopFact(verdict.reason.sentence),
  ];
  if (verdict.verdict === 'allow') return { arrival, verdict: 'allow', facts, policies, ending: undefined };
  const { reason } = verdict;
  const isPlaintext = peer === undefined;
  const { sideBySide } = world.settings;
  const context: FixContext = { callerNamespace, isPlaintext, strict, sideBySide };
  const fix = reason.isBypass === true ? reason.hint : (reason.hint ?? smallestChange(policies, context));
  return {
    arrival,
    verdict: verdict.verdict,
    facts,
    policies,
    ending: { verdict: 'refused', because: reason.sentence, fix: fix ?? '' },
  };
}

/** Undefined: the pod's proxy judges it. */
function whyUnjudged(world: World, { workload, port, peer }: Arrival): string | undefined {
  const enrolment = world.enrolmentOf(workload);
  if (!isCaptured(workload)) {
    if (workload.nativeTunnel) return 'it takes tunnels itself';
    return enrolment === undefined
      ? 'the pod is outside of the mesh: it takes plaintext, and no policy is enforced'
      : 'the pod is to be enrolled, and its node has not reported that it is: it takes plaintext, and no policy is enforced';
  }
  if (peer !== undefined || enrolment === undefined) return undefined;
  const { modes } = enrolment;
  if (!modes.inbound)
    return 'what comes in is not captured (annotation bypass-inbound-capture), so no policy is enforced';
  if (modes.excludedInboundPorts.includes(port))
    return `port ${port} is excluded from capture by an annotation of the pod, so no policy is enforced`;
  return undefined;
}

function roundFact(path: Extract<ReturnType<typeof inboundPath>, { kind: 'round' }>, refuses: boolean): Fact {
  const text = `it comes round ${nameWaypoint(path.waypoint)}, whose policies do not see it`;
  return refuses
    ? stopFact(text)
    : noteFact(text, ['nodemesh.io/waypoint-bypass: refuse on the pod or its namespace would refuse it']);
}

/** PeerAuthentications that say STRICT and may be about this workload. */
export function strictFor({ collections, settings }: World, workload: Workload): readonly string[] {
  return [...collections.peerObjects.values()].flatMap(({ object: { meta, mode } }) => {
    const isNear = meta.namespace === workload.namespace || meta.namespace === settings.rootNamespace;
    return isNear && mode === 'STRICT' ? [`${meta.namespace}/${meta.name}`] : [];
  });
}
