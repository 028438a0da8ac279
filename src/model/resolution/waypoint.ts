import { type Service, serviceKey } from '../service.ts';
import { type GatewayAddress, readUnboundAddress, type WaypointBinding } from '../waypoint-binding.ts';
import type { Workload } from '../workload.ts';
import { pickEndpoint } from './balance.ts';
import type { MeshView } from '../mesh-view/index.ts';
import type { ResolveRequest, UpstreamRefusalReason } from './upstream.ts';

/**
 * The waypoints that one connection may take, in the order in which it tries them: the one that was drawn, then the
 * others, since any of them enforces what is attached to the service. One with weight 0 is left out.
 */
export function waypointsInTurn(binding: WaypointBinding, random: () => number): readonly GatewayAddress[] {
  const weighted = binding.weightedWaypoints.filter(({ weight }) => weight > 0);
  if (weighted.length === 0) return binding.waypoint === undefined ? NONE : [binding.waypoint];
  let point = random() * weighted.reduce((sum, { weight }) => sum + weight, 0);
  const drawn = weighted.findIndex(({ weight }) => {
    point -= weight;
    return point < 0;
  });
  const first = Math.max(drawn, 0);
  return [...weighted.slice(first), ...weighted.slice(0, first)].map(({ destination }) => destination);
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
  if (waypoint.kind === 'hostname') return { reason: reasonOf(waypoint) };
  const workload = request.view.workloadAt(waypoint.network, waypoint.address);
  if (workload === undefined) return { reason: 'WAYPOINT_MISSING' };
  if (workload.status === 'unhealthy') return { reason: 'WAYPOINT_NOT_READY' };
  if (request.exclude?.has(workload.uid) === true) return { reason: 'ENDPOINTS_EXHAUSTED' };
  return { workload, port: waypoint.hboneMtlsPort, service: undefined };
}

function reasonOf(waypoint: GatewayAddress): UpstreamRefusalReason {
  const unbound = readUnboundAddress(waypoint);
  return unbound === undefined || unbound.reason === 'missing' ? 'WAYPOINT_MISSING' : 'WAYPOINT_UNUSABLE';
}

/** For sentences: `waypoint shop/waypoint`, which is the Gateway; the whole name of one that is no Service of the cluster. */
export function nameWaypoint(waypoint: GatewayAddress): string {
  if (waypoint.kind !== 'hostname') return `waypoint at ${waypoint.network}/${waypoint.address}`;
  const { namespace, hostname } = waypoint;
  const ending = hostname.indexOf(`.${namespace}.svc.`);
  const name = readUnboundAddress(waypoint)?.name ?? (ending > 0 ? hostname.slice(0, ending) : hostname);
  return `waypoint ${waypoint.namespace}/${name}`;
}

/** `namespace/name` of the Gateway; the address where nothing is known there. */
export function gatewayName(view: MeshView, waypoint: GatewayAddress): string {
  if (waypoint.kind === 'hostname') {
    const name = readUnboundAddress(waypoint)?.name ?? waypoint.hostname.split('.', 1)[0] ?? '';
    return `${waypoint.namespace}/${name}`;
  }
  const { network, address } = waypoint;
  const service = view.serviceAt(network, address, '');
  if (service !== undefined) return `${service.namespace}/${service.name}`;
  const workload = view.workloadAt(network, address);
  return workload === undefined ? address : `${workload.namespace}/${workload.workloadName}`;
}

const NONE: readonly GatewayAddress[] = [];
