import {
  attributeService,
  type GatewayAddress,
  type GatewayKey,
  hasServicePort,
  type MeshView,
  RECURSIVE_PORTS,
  type Service,
  type Workload,
} from '../../model/index.ts';
import type { TunnelRequest } from '../../proxy/index.ts';
import { WaypointError } from '../errors.ts';
import type { DialledTarget } from '../request/request-parties.ts';

/** Which waypoint this is, and how the mesh writes that down. */
export interface WaypointSelf {
  readonly gateway: GatewayKey;
  readonly namespace: string;
  /** Of the waypoint's own service. */
  readonly hostname: string;
  readonly network: string;
  /** Whether everything that holds for a service, or for pods that are dialled by their address, has been told. */
  isTold(service: Service | undefined): boolean;
}

/**
 * What a tunnel asks for: a service or pod that names this very waypoint. Anything else is refused, for its policies are
 * not known here; so is a service of which the waypoint has not been told everything yet. Throws WaypointError.
 */
export function dialledTarget(
  { authority, peer }: Pick<TunnelRequest, 'authority' | 'peer'>,
  view: MeshView,
  self: WaypointSelf,
): DialledTarget {
  const { port } = authority;
  const service =
    authority.kind === 'hostname'
      ? view.serviceByHostname(authority.hostname, peer.namespace)
      : view.serviceAt(self.network, authority.address, peer.namespace);
  if (service !== undefined) {
    if (!bindsService(service, view, self) || !self.isTold(service)) throw notBound(nameOf(service), self);
    if (service.loadBalancing.mode !== 'passthrough' && !hasServicePort(service, port))
      throw unknown(`${nameOf(service)} has no port ${port}`);
    const address = authority.kind === 'address' ? authority.address : service.addresses[0]?.address;
    if (address === undefined) throw unknown(`${nameOf(service)} has no address`);
    return { kind: 'service', service, address, port };
  }
  if (authority.kind === 'hostname') throw unknown(`no service is called ${authority.hostname}`);
  const workload = view.workloadAt(self.network, authority.address);
  if (workload === undefined) throw unknown(`nothing in the mesh has the address ${authority.address}`);
  // A port of the mesh itself would lead round the pod's own proxy.
  if (RECURSIVE_PORTS.has(port)) throw unknown(`port ${port} belongs to the mesh itself`);
  if (!bindsWorkload(workload, view, self) || !self.isTold(undefined)) {
    throw notBound(`pod ${workload.namespace}/${workload.name}`, self);
  }
  return {
    kind: 'workload',
    workload,
    service: attributeService(view, workload, port),
    address: authority.address,
    port,
  };
}

/** Whether a service sends its traffic through this waypoint, in whole or in part. */
export function bindsService(service: Service, view: MeshView, self: WaypointSelf): boolean {
  if (service.waypoint !== undefined && isSelf(service.waypoint, view, self)) return true;
  return service.weightedWaypoints.some(({ destination }) => isSelf(destination, view, self));
}

/** Whether a pod that is dialled by its own address sends its traffic through this waypoint. */
function bindsWorkload(workload: Workload, view: MeshView, self: WaypointSelf): boolean {
  return workload.waypoint !== undefined && isSelf(workload.waypoint, view, self);
}

function isSelf(waypoint: GatewayAddress, view: MeshView, self: WaypointSelf): boolean {
  if (waypoint.kind === 'hostname')
    return waypoint.namespace === self.namespace && waypoint.hostname === self.hostname;
  const service = view.serviceAt(waypoint.network, waypoint.address, self.namespace);
  return service?.namespace === self.namespace && service.hostname === self.hostname;
}

function nameOf(service: Service): string {
  return `service ${service.namespace}/${service.name}`;
}

function notBound(what: string, self: WaypointSelf): WaypointError {
  return new WaypointError({
    code: 'ERR_WAYPOINT_NOT_BOUND',
    blame: 'downstream',
    message: `${what} does not send its traffic through the waypoint ${self.gateway}`,
    hint: 'the sender may know an older state of the use-waypoint labels; it will try again',
    // The binding may have been told to the sender first.
    retryable: true,
  });
}

function unknown(message: string): WaypointError {
  return new WaypointError({
    code: 'ERR_WAYPOINT_UNKNOWN_DESTINATION',
    blame: 'downstream',
    message,
    retryable: true,
  });
}
