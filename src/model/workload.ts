import type { IpAddress } from './ip-address.ts';
import type { PortMapping, ServiceKey } from './service.ts';
import type { GatewayAddress, WaypointBinding } from './waypoint-binding.ts';

/** `<cluster>//Pod/<namespace>/<name>` and its kin (wire.md §2.4). */
export type WorkloadUid = string & { readonly __brand: 'WorkloadUid' };

/** `<namespace>/<name>` of an authorization policy. */
export type PolicyKey = string & { readonly __brand: 'PolicyKey' };

/** How a workload is reached; the last one is never dialled. */
export type TunnelProtocol = 'none' | 'hbone' | 'legacy-istio-mtls';

/** Whether a workload takes connections; an unhealthy one does where its service allows all. */
export type WorkloadStatus = 'healthy' | 'unhealthy';

/** What made a workload, for metrics. */
export type WorkloadType = 'deployment' | 'cronjob' | 'pod' | 'job';

/** `host-network`: its address is its node's, and stands for many. */
export type NetworkMode = 'standard' | 'host-network';

/** Where a workload runs, as its node's labels say; empty: unknown. */
export interface Locality {
  readonly region: string;
  readonly zone: string;
  readonly subzone: string;
}

/** How a workload takes traffic behind its own ztunnel: a PROXY-protocol (or plain) hop to another port (wire.md §1.8). */
export interface ApplicationTunnel {
  readonly protocol: 'none' | 'proxy';
  readonly port: number;
}

/**
 * A pod, or any other endpoint that traffic may come from or go to. The fields are those of `istio.workload.Workload`
 * (wire.md §2.2) with its defaults already filled in, so that nothing behind the wire has to know them.
 */
export interface Workload extends WaypointBinding {
  readonly uid: WorkloadUid;
  readonly name: string;
  readonly namespace: string;
  readonly addresses: readonly IpAddress[];
  readonly hostname: string;
  readonly network: string;
  readonly tunnelProtocol: TunnelProtocol;
  readonly nativeTunnel: boolean;
  readonly trustDomain: string;
  readonly serviceAccount: string;
  readonly networkGateway: GatewayAddress | undefined;
  readonly node: string;
  readonly canonicalName: string;
  readonly canonicalRevision: string;
  readonly workloadType: WorkloadType;
  readonly workloadName: string;
  readonly authorizationPolicies: readonly PolicyKey[];
  readonly status: WorkloadStatus;
  readonly clusterId: string;
  readonly locality: Locality;
  readonly networkMode: NetworkMode;
  /** Weight in load balancing; at least 1 unless somebody set 0 to take it out. */
  readonly capacity: number;
  readonly applicationTunnel: ApplicationTunnel | undefined;
  /** The services it is an endpoint of, each with the ports it serves them on. */
  readonly services: ReadonlyMap<ServiceKey, readonly PortMapping[]>;
}
