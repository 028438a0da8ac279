import type { Logger } from '../../base/index.ts';
import type { Cluster, EventRecorder } from '../cluster/index.ts';
import type { NodeDescription } from '../cluster/objects/index.ts';
import type { Kubelet } from '../kubelet/index.ts';
import type { ManagedProcess, NodeZtunnel } from '../mesh/index.ts';
import type { NodeAddresses, PodAddressPool } from '../network/index.ts';
import type { NodeAgent } from '../node-agent/index.ts';
import type { Step, SupervisorConfig } from '../state/index.ts';

/** A node that runs. */
export interface LabNode {
  readonly description: NodeDescription;
  readonly addresses: NodeAddresses;
  readonly pool: PodAddressPool;
  readonly agent: NodeAgent;
}

/** What runs, before the host can reach it. */
export interface BareLab {
  readonly config: SupervisorConfig;
  readonly cluster: Cluster;
  readonly events: EventRecorder;
  readonly nodes: readonly LabNode[];
  readonly kubelet: Kubelet;
  readonly log: Logger;
  /** Undefined until it has been started, and in a lab without a mesh. */
  controller(): ManagedProcess | undefined;
  /** Throws ERR_LAB_NOT_FOUND for a node that is not there or has no ztunnel. */
  ztunnel(node: string): NodeZtunnel;
  ztunnels(): ReadonlyMap<string, NodeZtunnel>;
  steps(): readonly Step[];
  /** Ends everything; resolves when only the supervisor itself is left. */
  shutDown(): Promise<void>;
}

/** The running lab as its API sees it. */
export interface Lab extends BareLab {
  /** Where the host finds the dashboards. */
  readonly dashboards: LabDashboards;
}

/** URLs; null in a lab without a mesh. */
export interface LabDashboards {
  readonly mesh: string | null;
  node(name: string): string | null;
}
