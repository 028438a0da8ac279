import {
  addressOfFamily,
  type IpAddress,
  type LocalityPreference,
  type MeshView,
  type RankedEndpoints,
  rankEndpoints,
  reachWorkload,
  type Service,
  type ServiceKey,
  type UpstreamRefusalReason,
  type Whereabouts,
  type WorkloadUid,
} from '../../../model/index.ts';
import type { ReachedEndpoint } from './service-endpoint.ts';

/** Where a request goes, before an endpoint is chosen: a port of a service, or one pod. */
export type BackendRef =
  | { readonly kind: 'service'; readonly service: ServiceKey; readonly port: number }
  | {
      readonly kind: 'workload';
      readonly uid: WorkloadUid;
      readonly address: IpAddress;
      readonly port: number;
    };

/** What the mesh knows of a backend's endpoints, best rank first. */
export interface KnownEndpoints {
  /** Undefined: the service is gone, or the backend is a pod. */
  readonly service: Service | undefined;
  readonly ranks: readonly (readonly ReachedEndpoint[])[];
  /** Why there are none, where there are none. */
  readonly emptyBecause: UpstreamRefusalReason;
}

/** From where endpoints are looked at. */
export interface KnownEndpointsOptions {
  readonly view: MeshView;
  readonly network: string;
  /** The waypoint's own: near and far are from there. */
  readonly source: Whereabouts;
  /** The family of addresses that is used where an endpoint has both: this one's. */
  readonly like: IpAddress;
  /** Undefined: as the Service says. */
  readonly locality: LocalityPreference | undefined;
}

/** Asks the mesh. Endpoints that must not be dialled (a port of the mesh itself, no identity to expect) are not among them. */
export function knownEndpoints(ref: BackendRef, options: KnownEndpointsOptions): KnownEndpoints {
  return ref.kind === 'service' ? ofService(ref, options) : ofWorkload(ref, options);
}

function ofService(
  { service: key, port }: Extract<BackendRef, { kind: 'service' }>,
  options: KnownEndpointsOptions,
): KnownEndpoints {
  const { view, network, source, like, locality } = options;
  const service = view.service(key);
  if (service === undefined) return nothing('NO_ENDPOINT');
  const ranked = rankEndpoints({
    service,
    endpoints: view.endpoints(key),
    servicePort: port,
    source,
    network,
    balancing: balancingOf(service, locality),
    anyPort: false,
  });
  return reachable(service, ranked, like);
}

function ofWorkload(
  { uid, address, port }: Extract<BackendRef, { kind: 'workload' }>,
  { view }: KnownEndpointsOptions,
): KnownEndpoints {
  const workload = view.workload(uid);
  if (workload === undefined || !workload.addresses.includes(address)) return nothing('NO_ENDPOINT');
  const { upstream, reason } = reachWorkload({
    workload,
    address,
    targetPort: port,
    service: undefined,
    serviceAddressed: false,
  });
  if (upstream === undefined) return nothing(reason);
  return { service: undefined, ranks: [[{ workload, upstream }]], emptyBecause: 'NO_ENDPOINT' };
}

function reachable(service: Service, ranked: RankedEndpoints, like: IpAddress): KnownEndpoints {
  let { emptyBecause } = ranked;
  const ranks: ReachedEndpoint[][] = [];
  for (const tier of ranked.tiers) {
    const rank: ReachedEndpoint[] = [];
    for (const { endpoint, targetPort } of tier) {
      const { workload } = endpoint;
      const address = addressOfFamily(workload, like);
      const { upstream, reason } = reachWorkload({
        workload,
        address,
        targetPort,
        service,
        serviceAddressed: true,
      });
      if (upstream === undefined) emptyBecause = reason;
      else rank.push({ workload, upstream });
    }
    if (rank.length > 0) ranks.push(rank);
  }
  return { service, ranks, emptyBecause };
}

function balancingOf(service: Service, locality: LocalityPreference | undefined) {
  if (locality === undefined) return service.loadBalancing;
  const mode = locality.mode === 'none' ? ('unspecified' as const) : locality.mode;
  return { mode, routingPreference: locality.scopes };
}

function nothing(emptyBecause: UpstreamRefusalReason): KnownEndpoints {
  return { service: undefined, ranks: [], emptyBecause };
}
