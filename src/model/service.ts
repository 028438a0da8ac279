import type { IpAddress } from './ip-address.ts';
import type { WaypointBinding } from './waypoint-binding.ts';

/** `<namespace>/<hostname>`. */
export type ServiceKey = string & { readonly __brand: 'ServiceKey' };

/** What is spoken on a port, as its `appProtocol` or its name says; `unknown`: its bytes are looked at. */
export type AppProtocol = 'unknown' | 'http1' | 'http2' | 'grpc' | 'tcp' | 'tls';

/** A port that clients dial, and the one behind it. */
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

/** How near is near: what an endpoint and its client must share (wire.md §6.3). */
export type LoadBalancingScope = 'region' | 'zone' | 'subzone' | 'node' | 'cluster' | 'network';

/** Which endpoints a service prefers, by nearness and health (wire.md §6.3). */
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

/** Nothing is checked. */
export function serviceKey(namespace: string, hostname: string): ServiceKey {
  return `${namespace}/${hostname}` as ServiceKey;
}
