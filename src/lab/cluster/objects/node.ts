import type { Condition, KubeObject, StringMap } from './metadata.ts';

/** `core/v1 Node`, what the lab says of it. */
export interface NodeObject extends KubeObject {
  readonly kind: 'Node';
  readonly spec: { readonly podCIDR: string; readonly podCIDRs: readonly string[] };
  readonly status?: {
    readonly addresses: readonly { readonly type: string; readonly address: string }[];
    readonly conditions: readonly Condition[];
  };
}

/** `core/v1 Namespace`. */
export interface NamespaceObject extends KubeObject {
  readonly kind: 'Namespace';
  readonly status?: { readonly phase: 'Active' | 'Terminating' };
}

/** `core/v1 ServiceAccount`: its name is all there is to it. */
export interface ServiceAccountObject extends KubeObject {
  readonly kind: 'ServiceAccount';
}

/** `core/v1 Event`. */
export interface EventObject extends KubeObject {
  readonly kind: 'Event';
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly message: string;
  readonly count: number;
  readonly lastTimestamp: string;
  readonly involvedObject: { readonly kind: string; readonly name: string; readonly namespace: string };
}

/** One node as the `Lab` file describes it. */
export interface NodeDescription {
  readonly name: string;
  readonly labels: StringMap;
}

export const ZONE_LABEL = 'topology.kubernetes.io/zone';
export const REGION_LABEL = 'topology.kubernetes.io/region';
