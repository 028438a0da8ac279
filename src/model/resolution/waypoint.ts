import type { GatewayAddress, Service } from '../service.ts';
import { serviceKey } from '../service.ts';
import type { Workload } from '../workload.ts';
import { pickEndpoint } from './balance.ts';
import type { MeshView } from '../mesh-view/index.ts';
import type { ResolveRequest, UpstreamRefusalReason } from './upstream.ts';

/** The waypoint of a service for one connection: a draw among the weighted ones where there are any, else the one. */
export function chooseWaypoint(service: Service, random: () => number): GatewayAddress | undefined {
  const weighted = service.weightedWaypoints;
  const total = weighted.reduce((sum, { weight }) => sum + weight, 0);
  if (total > 0) {
    let point = random() * total;
    for (const { destination, weight } of weighted) {
      point -= weight;
      if (point < 0) return destination;
    }
  }
  return service.waypoint;
}

/** True if the workload is one of the waypoint's own pods: what it sends must not be sent back to it. */
export function isWaypointPod(view: MeshView, workload: Workload, waypoint: GatewayAddress): boolean {
  if (waypoint.kind === 'hostname')
    return workload.services.has(serviceKey(waypoint.namespace, waypoint.hostname));
  if (workload.network === waypoint.network && workload.addresses.includes(waypoint.address)) return true;
  const service = view.serviceAt(waypoint.network, waypoint.address, workload.namespace);
  return service !== undefined && workload.services.has(serviceKey(service.namespace, service.hostname));
}

/** A waypoint's pod and port, or why there is none. */
export type WaypointOutcome =
  | {
      readonly workload: Workload;
      readonly port: number;
      /** The waypoint's own service, whose listed identities it may present too. */
      readonly service: Service | undefined;
      readonly reason?: undefined;
    }
  | { readonly workload?: undefined; readonly reason: UpstreamRefusalReason };

/** One pod of a waypoint that may take the connection. */
export function pickWaypointPod(request: ResolveRequest, waypoint: GatewayAddress): WaypointOutcome {
  const { view, source } = request;
  const service =
    waypoint.kind === 'hostname'
      ? view.service(serviceKey(waypoint.namespace, waypoint.hostname))
      : view.serviceAt(waypoint.network, waypoint.address, source.namespace);
  if (service === undefined) return podAtAddress(request, waypoint);
  const outcome = pickEndpoint({
    service,
    endpoints: view.endpoints(serviceKey(service.namespace, service.hostname)),
    servicePort: waypoint.hboneMtlsPort,
    source,
    network: request.network,
    random: request.random,
    exclude: request.exclude,
    anyPort: true,
  });
  if (outcome.candidate === undefined)
    return { reason: outcome.reason === 'NO_ENDPOINT' ? 'WAYPOINT_NOT_READY' : outcome.reason };
  return {
    workload: outcome.candidate.endpoint.workload,
    port: outcome.candidate.targetPort,
    service,
  };
}

function podAtAddress(request: ResolveRequest, waypoint: GatewayAddress): WaypointOutcome {
  if (waypoint.kind === 'hostname') return { reason: 'WAYPOINT_MISSING' };
  const workload = request.view.workloadAt(waypoint.network, waypoint.address);
  if (workload === undefined) return { reason: 'WAYPOINT_MISSING' };
  if (workload.status === 'unhealthy') return { reason: 'WAYPOINT_NOT_READY' };
  if (request.exclude?.has(workload.uid) === true) return { reason: 'ENDPOINTS_EXHAUSTED' };
  return { workload, port: waypoint.hboneMtlsPort, service: undefined };
}

/** For sentences: `waypoint shop/waypoint.shop.svc.cluster.local`. */
export function nameWaypoint(waypoint: GatewayAddress): string {
  return waypoint.kind === 'hostname'
    ? `waypoint ${waypoint.namespace}/${waypoint.hostname}`
    : `waypoint at ${waypoint.network}/${waypoint.address}`;
}
