import type { KubeObject, StringMap } from './metadata.ts';

/** As Services name them. */
export type ServiceIpFamily = 'IPv4' | 'IPv6';

/** `core/v1 ServicePort`. */
export interface ServicePort {
  readonly name?: string;
  readonly port: number;
  readonly targetPort?: number | string;
  readonly protocol?: string;
  readonly appProtocol?: string;
}

/** `core/v1 Service`, what the lab reads and fills in. */
export interface ServiceObject extends KubeObject {
  readonly kind: 'Service';
  readonly spec: {
    readonly type?: 'ClusterIP' | 'NodePort' | 'LoadBalancer' | 'ExternalName';
    readonly selector?: StringMap;
    readonly ports?: readonly ServicePort[];
    readonly clusterIP?: string;
    readonly clusterIPs?: readonly string[];
    readonly ipFamilies?: readonly ServiceIpFamily[];
    readonly ipFamilyPolicy?: 'SingleStack' | 'PreferDualStack' | 'RequireDualStack';
    readonly publishNotReadyAddresses?: boolean;
    readonly internalTrafficPolicy?: 'Cluster' | 'Local';
    readonly externalName?: string;
  };
}

/** `discovery.k8s.io/v1 Endpoint`. */
export interface SliceEndpoint {
  readonly addresses: readonly string[];
  readonly conditions?: {
    readonly ready?: boolean;
    readonly serving?: boolean;
    readonly terminating?: boolean;
  };
  readonly hostname?: string;
  readonly nodeName?: string;
  readonly zone?: string;
  readonly targetRef?: {
    readonly kind: string;
    readonly name: string;
    readonly namespace: string;
    readonly uid: string;
  };
}

/** `discovery.k8s.io/v1 EndpointSlice`. */
export interface EndpointSliceObject extends KubeObject {
  readonly kind: 'EndpointSlice';
  readonly addressType: ServiceIpFamily;
  readonly ports?: readonly {
    readonly name?: string;
    readonly port: number;
    readonly protocol?: string;
    readonly appProtocol?: string;
  }[];
  readonly endpoints: readonly SliceEndpoint[];
}

/** A headless service has no virtual address: its name stands for its pods' addresses. */
export function isHeadless(service: ServiceObject): boolean {
  return service.spec.clusterIP === 'None';
}

export const SERVICE_NAME_LABEL = 'kubernetes.io/service-name';
