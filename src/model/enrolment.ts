import type { Cidr } from './cidr.ts';
import type { IpAddress } from './ip-address.ts';
import type { WorkloadIdentity } from './spiffe-id.ts';
import type { PodTelemetry } from './telemetry/index.ts';
import type { WorkloadUid } from './workload.ts';

/** What a node is asked to capture, from the pod's annotations; everything is filled in. */
export interface CaptureModes {
  /** False for `ambient.istio.io/bypass-inbound-capture: "true"`: only outbound is captured. */
  readonly inbound: boolean;
  readonly dns: boolean;
  /** Ports that connections to this pod reach without the mesh. */
  readonly excludedInboundPorts: readonly number[];
  /** Ports that connections from this pod reach without the mesh. */
  readonly excludedOutboundPorts: readonly number[];
  /** Destinations that connections from this pod reach without the mesh. */
  readonly excludedOutboundCidrs: readonly Cidr[];
  readonly virtualInterfaces: readonly string[];
  /** What becomes of connections that are older than the enrolment. */
  readonly existingConnections: 'keep' | 'reset';
}

/** One pod that its node must enrol: the content of `nodemesh.enrolment.Pod`. */
export interface EnrolmentPod {
  readonly uid: WorkloadUid;
  readonly namespace: string;
  readonly name: string;
  readonly identity: WorkloadIdentity;
  /** `metadata.uid`, as the container runtime writes it into the names of cgroups; empty where nothing gives objects one. */
  readonly kubernetesUid: string;
  /** A namespace that has none of these is not the pod's. None: it has no network yet, and waits for its CNI plugin. */
  readonly addresses: readonly IpAddress[];
  /** Name of the network namespace (lab); empty where it is found by the pod's processes (Kubernetes). */
  readonly netns: string;
  /**
   * Why the node is not to capture it although it is wanted, as a sentence: another mesh has it. Empty: nothing. Where it is captured
   * already, it is ours and stays so.
   */
  readonly heldBy: string;
  /** No container of it has run yet: capture everything before announcing it. */
  readonly isNew: boolean;
  readonly modes: CaptureModes;
  /** What becomes of connections that come round a waypoint of the pod or of its services: counted, or refused too. */
  readonly waypointBypass: 'count' | 'refuse';
  /** Which of its connections the node's access log tells. */
  readonly accessLog: AccessLogScope;
  /** What objects say about its telemetry. Undefined: nothing. */
  readonly telemetry: PodTelemetry | undefined;
}

/** `failures`: what was refused, could not be reached, or was cut. */
export type AccessLogScope = 'all' | 'failures' | 'none';

/**
 * `prepared`: has its SVID, listeners and mangle part, and may be announced as HBONE. `sending`: what it sends is
 * captured, what it receives not yet. `captured`: all nat rules are in.
 * `leaving`: inbound capture is off, announce it as plaintext. `released`: nothing of ours is left. `failed`: see the error.
 */
export type EnrolmentState = 'prepared' | 'sending' | 'captured' | 'leaving' | 'released' | 'failed';

/** The error code of a pod that failed because it is another mesh's. */
export const CAPTURED_BY_ANOTHER = 'ERR_ZTUNNEL_CAPTURED_BY_ANOTHER';

/** What a node tells the controller about its pods (design.md, "Own xDS types"). */
export interface EnrolmentReport {
  readonly node: string;
  /** Grows with each report of a node, so that a late one cannot undo a newer. */
  readonly generation: number;
  readonly pods: readonly {
    readonly uid: WorkloadUid;
    readonly state: EnrolmentState;
    /** Code and sentence, empty unless failed. */
    readonly errorCode: string;
    readonly error: string;
  }[];
  /** The answer is to come when all pods that join or leave the mesh now have come as far as these. */
  readonly awaitsOthers?: boolean;
  /** Another controller heard it and passes it on, so that proxies of this one know too. */
  readonly relayed?: boolean;
}

/** Answered once every proxy has acknowledged what the report changed, or the controller has waited long enough. */
export interface EnrolmentReceipt {
  readonly acknowledged: boolean;
}
