import type { Condition, KubeObject, LabelSelector } from './metadata.ts';
import type { PodTemplate } from './pod.ts';

/** How far a rollout may go at a time; Kubernetes' defaults where nothing is said. */
export interface RollingUpdate {
  /** A number, or a share of the replicas such as '25%'. */
  readonly maxSurge?: number | string;
  readonly maxUnavailable?: number | string;
}

/** The status of whatever has replicas. */
export interface ReplicaStatus {
  readonly replicas: number;
  readonly readyReplicas: number;
  readonly availableReplicas?: number;
  readonly updatedReplicas?: number;
  readonly observedGeneration?: number;
  readonly conditions?: readonly Condition[];
}

/** `apps/v1 Deployment`, what the lab reads of it. */
export interface DeploymentObject extends KubeObject {
  readonly kind: 'Deployment';
  readonly spec: {
    readonly replicas?: number;
    readonly selector: LabelSelector;
    readonly template: PodTemplate;
    readonly strategy?: {
      readonly type?: 'RollingUpdate' | 'Recreate';
      readonly rollingUpdate?: RollingUpdate;
    };
  };
  readonly status?: ReplicaStatus;
}

/** `apps/v1 ReplicaSet`, what the lab reads of it. */
export interface ReplicaSetObject extends KubeObject {
  readonly kind: 'ReplicaSet';
  readonly spec: {
    readonly replicas: number;
    readonly selector: LabelSelector;
    readonly template: PodTemplate;
  };
  readonly status?: ReplicaStatus;
}

/** `apps/v1 StatefulSet`, what the lab reads of it. */
export interface StatefulSetObject extends KubeObject {
  readonly kind: 'StatefulSet';
  readonly spec: {
    readonly replicas?: number;
    readonly selector: LabelSelector;
    readonly template: PodTemplate;
    readonly serviceName?: string;
    readonly podManagementPolicy?: 'OrderedReady' | 'Parallel';
  };
  readonly status?: ReplicaStatus;
}

/** `batch/v1 Job`, what the lab reads of it. */
export interface JobObject extends KubeObject {
  readonly kind: 'Job';
  readonly spec: {
    readonly template: PodTemplate;
    readonly completions?: number;
    readonly parallelism?: number;
    readonly backoffLimit?: number;
  };
  readonly status?: {
    readonly active: number;
    readonly succeeded: number;
    readonly failed: number;
    readonly startTime?: string;
    readonly completionTime?: string;
    readonly conditions?: readonly Condition[];
  };
}
