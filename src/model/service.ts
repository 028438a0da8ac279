import type { IpAddress } from './ip-address.ts';
import type { WaypointBinding } from './waypoint-binding.ts';

/** `<namespace>/<hostname>`. */
export type ServiceKey = string & { readonly __brand: 'ServiceKey' };

export type AppProtocol = 'unknown' | 'http1' | 'http2' | 'grpc' | 'tcp' | 'tls';

export interface PortMapping {
  readonly servicePort: number;
  /** 0 when unset: the endpoint's own mapping decides. */
  readonly targetPort: number;
  readonly appProtocol: AppProtocol;
}

/** An address on a network; with a prefix length below the full one it stands for a whole range. */
export interface NetworkAddress {
  readonly network: string;
  readonly address: IpAddress;
  /** Undefined: this one address. */
  readonly prefixLength: number | undefined;
}

export type LoadBalancingScope = 'region' | 'zone' | 'subzone' | 'node' | 'cluster' | 'network';

export interface LoadBalancing {
  readonly routingPreference: readonly LoadBalancingScope[];
  readonly mode: 'unspecified' | 'strict' | 'failover' | 'passthrough';
  readonly healthPolicy: 'only-healthy' | 'allow-all';
}

/** What clients name and dial. The fields are those of `istio.workload.Service` (wire.md §2.2). */
export interface Service extends WaypointBinding {
  readonly name: string;
  readonly namespace: string;
  readonly hostname: string;
  readonly addresses: readonly NetworkAddress[];
  readonly ports: readonly PortMapping[];
  /** Further identities (`spiffe://…`) that an endpoint may present. */
  readonly subjectAltNames: readonly string[];
  readonly ingressUseWaypoint: boolean;
  readonly loadBalancing: LoadBalancing;
  readonly ipFamilies: 'automatic' | 'ipv4' | 'ipv6' | 'dual';
  readonly canonical: boolean;
  readonly visibility: 'public' | 'namespace';
}

export function serviceKey(namespace: string, hostname: string): ServiceKey {
  return `${namespace}/${hostname}` as ServiceKey;
}
