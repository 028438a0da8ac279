import {
  type AuthorizationPolicy,
  type InboundPath,
  inboundPath,
  type IpAddress,
  type MeshView,
  nameWaypoint,
  type PolicyKey,
  type Workload,
  type WorkloadIdentity,
} from '../../model/index.ts';

/** What an L4 policy may ask about. */
export interface AdmissionAttributes {
  readonly sourceAddress: IpAddress;
  readonly destinationAddress: IpAddress;
  /** The pod's port. */
  readonly destinationPort: number;
  /** Undefined for plaintext. */
  readonly source: WorkloadIdentity | undefined;
}

/** The decision itself, from `policy`. */
export type Judge = (question: {
  readonly policies: readonly AuthorizationPolicy[];
  readonly missing: readonly PolicyKey[];
  readonly attributes: AdmissionAttributes;
}) => Verdict;

/** What decided; the rule counts from 0. */
export interface Reason {
  readonly policy: PolicyKey | undefined;
  readonly rule: number | undefined;
  /** ALLOW policies of which none matched, where that decided. */
  readonly unmatched?: readonly PolicyKey[] | undefined;
  readonly sentence: string;
  /** What an operator can do about it, where it is not the policies alone that matter. */
  readonly hint?: string | undefined;
  /** What of the policies would have let it in. */
  readonly remedy?: string | undefined;
  /** It was no policy: the connection came round a waypoint. */
  readonly isBypass?: boolean | undefined;
}

/** What a policy that is not enforced would have done. */
export interface DryRun {
  readonly policy: PolicyKey;
  readonly verdict: 'allow' | 'deny';
  readonly differs: boolean;
  readonly sentence: string;
}

/** `wait`: a policy that may decide is named but has not arrived. */
export interface Verdict {
  readonly verdict: 'allow' | 'deny' | 'wait';
  readonly reason: Reason;
  readonly dryRun: readonly DryRun[];
}

/** One connection at the pod that it is for. */
export interface InboundQuestion {
  readonly view: MeshView;
  readonly workload: Workload;
  readonly attributes: AdmissionAttributes;
  /** The pod takes nothing that comes round its waypoint. */
  readonly refusesBypass: boolean;
}

/** Whether a pod's proxy lets a connection in: its policies, and what was said about those that come round a waypoint. Pure. */
export function judgeInbound(
  { view, workload, attributes, refusesBypass }: InboundQuestion,
  judge: Judge,
): Verdict {
  const verdict = judge({ ...view.policiesFor(workload), attributes });
  if (verdict.verdict === 'wait') return verdict;
  if (verdict.verdict === 'allow' && !refusesBypass) return verdict;
  const { destinationPort: port, source } = attributes;
  const path = inboundPath({ view, workload, port, peer: source?.id });
  if (verdict.verdict === 'deny') return { ...verdict, reason: aboutWaypoint(verdict.reason, path, source) };
  if (path.kind !== 'round') return verdict;
  return { ...verdict, verdict: 'deny', reason: roundWaypoint(path, source) };
}

/** Behind a waypoint it is the waypoint's identity that policies of pods judge: who reads of a refusal must know. */
function aboutWaypoint(reason: Reason, path: InboundPath, source: WorkloadIdentity | undefined): Reason {
  if (path.kind !== 'through' || source === undefined) return reason;
  return {
    ...reason,
    sentence: `${reason.sentence}; what was judged is ${nameWaypoint(path.waypoint)}, ${source.id}, through which the client came`,
    hint: `allow the principal ${source.id.replace(/^spiffe:\/\//, '')} here, and attach policies about clients to the Service or the Gateway with targetRefs`,
  };
}

function roundWaypoint(
  { waypoint, service }: Extract<InboundPath, { readonly kind: 'round' }>,
  source: WorkloadIdentity | undefined,
): Reason {
  const whose = service === undefined ? 'of the pod' : `of the service ${service.namespace}/${service.name}`;
  return {
    policy: undefined,
    rule: undefined,
    sentence: `${source?.id ?? 'a client without identity'} came round ${nameWaypoint(waypoint)} ${whose}, which the label nodemesh.io/waypoint-bypass: refuse forbids`,
    hint: "dial the service's own name, which leads through the waypoint; or take the label away from the pod and its namespace",
    isBypass: true,
  };
}
