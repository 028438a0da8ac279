import type { Condition, KubeObject, LabelSelector } from './metadata.ts';
import type { PodTemplate } from './pod.ts';

export interface RollingUpdate {
  /** A number, or a share of the replicas such as '25%'. */
  readonly maxSurge?: number | string;
  readonly maxUnavailable?: number | string;
}

export interface ReplicaStatus {
  readonly replicas: number;
  readonly readyReplicas: number;
  readonly availableReplicas?: number;
  readonly updatedReplicas?: number;
  readonly observedGeneration?: number;
  readonly conditions?: readonly Condition[];
}

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

export interface ReplicaSetObject extends KubeObject {
  readonly kind: 'ReplicaSet';
  readonly spec: {
    readonly replicas: number;
    readonly selector: LabelSelector;
    readonly template: PodTemplate;
  };
  readonly status?: ReplicaStatus;
}

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
