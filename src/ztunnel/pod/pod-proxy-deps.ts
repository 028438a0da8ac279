import type { BufferBudget, Clock, Logger } from '../../base/index.ts';
import type { EnrolmentPod, MeshView, WorkloadUid } from '../../model/index.ts';
import type { NetNamespace } from '../../net/index.ts';
import type { ConnectionJournal, HeldIdentity, RefusalTeller, TunnelRejection } from '../../proxy/index.ts';
import type { Tracer, TraceRules, TunnelMetrics } from '../../telemetry/index.ts';
import type { TrafficConfig } from '../config/index.ts';
import type { FairShare } from '../connections/fair-share.ts';
import type { Admission } from '../connections/admission.ts';
import type { ConnectionTracker } from '../connections/tracker.ts';
import type { WaypointBypass } from '../inbound/waypoint-bypass.ts';

/** What the proxies of all pods share. */
export interface PodProxyDeps {
  readonly node: string;
  readonly clusterId: string;
  readonly network: string;
  readonly view: MeshView;
  readonly traffic: TrafficConfig;
  readonly admission: Admission;
  readonly tracker: ConnectionTracker;
  readonly connections: FairShare;
  readonly journal: ConnectionJournal;
  readonly refusals: RefusalTeller;
  readonly tunnels: TunnelMetrics;
  readonly tracer: Tracer;
  /** What holds for the spans of a pod's connections; undefined: what holds for all. */
  traceRulesOf(pod: WorkloadUid, side: 'client' | 'server'): TraceRules | undefined;
  readonly budget: BufferBudget;
  readonly clock: Clock;
  readonly log: Logger;
  readonly random: () => number;
  /** A peer or request on 15008 was turned away before there was a connection. */
  onTunnelRejected(pod: EnrolmentPod, rejection: TunnelRejection): void;
  onWaypointBypass(bypass: WaypointBypass): void;
}

/** The one pod that a proxy is for. */
export interface ProxiedPod {
  readonly pod: EnrolmentPod;
  readonly namespace: NetNamespace;
  /** The packet mark of all its sockets: whoever captured the pod lets them pass. */
  readonly mark: number;
  readonly identity: HeldIdentity;
}
