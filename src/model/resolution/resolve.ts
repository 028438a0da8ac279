import { formatSocketAddress } from '../socket-address.ts';
import { RECURSIVE_PORTS } from '../port.ts';
import { type Service, serviceKey } from '../service.ts';
import type { SpiffeId } from '../spiffe-id.ts';
import type { GatewayAddress, WaypointBinding } from '../waypoint-binding.ts';
import type { Workload } from '../workload.ts';
import { attributeService } from './attribute-service.ts';
import { pickEndpoint } from './balance.ts';
import { expectedIdentities } from './expected-identities.ts';
import { addressOfFamily, type ReachRequest, reachWorkload } from './reach-workload.ts';
import { refuse } from './refusal.ts';
import { hasServicePort } from './target-port.ts';
import type { ResolveRequest, Upstream, UpstreamRefusal } from './upstream.ts';
import { isWaypointPod, pickWaypointPod, waypointsInTurn } from './waypoint.ts';

const NOBODY: ReadonlySet<SpiffeId> = new Set();

/**
 * Where an outbound connection goes: the decision order of wire.md §6.2, failing closed as design.md says. Pure but for
 * `random`. What cannot be reached is a refusal with its reason, never an exception.
 */
export function resolveUpstream(request: ResolveRequest): Upstream | UpstreamRefusal {
  const { view, source, destination, network } = request;
  if (RECURSIVE_PORTS.has(destination.port)) return refuse({ request, reason: 'RECURSIVE_PORT' });
  const service = view.serviceAt(network, destination.address, source.namespace);
  if (service !== undefined) return toService(request, service);
  const workload = view.workloadAt(network, destination.address);
  return workload === undefined ? passthrough(request, undefined) : toWorkload(request, workload);
}

function toService(request: ResolveRequest, service: Service): Upstream | UpstreamRefusal {
  const { view, source, destination } = request;
  const passes = service.loadBalancing.mode === 'passthrough';
  if (!passes && !hasServicePort(service, destination.port))
    return refuse({ request, reason: 'UNKNOWN_PORT', service });

  const through = throughWaypoint({ request, binding: service, service, workload: undefined });
  if (through !== undefined) return through;

  const endpoints = view.endpoints(serviceKey(service.namespace, service.hostname));
  if (passes) {
    // The dialled address is the endpoint. Where that is a workload of the mesh, it must not be reached in plaintext.
    const dialled =
      endpoints.find(({ workload }) => workload.addresses.includes(destination.address))?.workload ??
      view.workloadAt(request.network, destination.address);
    if (dialled === undefined) return passthrough(request, service);
    return toEndpoint(request, { workload: dialled, targetPort: destination.port, service });
  }
  const outcome = pickEndpoint({
    service,
    endpoints,
    servicePort: destination.port,
    source,
    network: request.network,
    random: request.random,
    exclude: request.exclude,
    anyPort: false,
  });
  if (outcome.candidate === undefined) return refuse({ request, reason: outcome.reason, service });
  const { endpoint, targetPort } = outcome.candidate;
  return toEndpoint(request, { workload: endpoint.workload, targetPort, service });
}

/** A pod dialled by its own address: the waypoint of its service does not apply, its own does (wire.md §6.4). */
function toWorkload(request: ResolveRequest, workload: Workload): Upstream | UpstreamRefusal {
  const { view, destination } = request;
  const service = attributeService(view, workload, destination.port);
  const through = throughWaypoint({ request, binding: workload, service, workload });
  if (through !== undefined) return through;
  return connectTo(request, {
    workload,
    address: destination.address,
    targetPort: destination.port,
    service,
    serviceAddressed: false,
  });
}

function toEndpoint(
  request: ResolveRequest,
  chosen: { readonly workload: Workload; readonly targetPort: number; readonly service: Service },
): Upstream | UpstreamRefusal {
  const address = addressOfFamily(chosen.workload, request.destination.address);
  return connectTo(request, { ...chosen, address, serviceAddressed: true });
}

function connectTo(request: ResolveRequest, chosen: ReachRequest): Upstream | UpstreamRefusal {
  const { workload, targetPort, service } = chosen;
  // Where the address that was dialled is the endpoint, there is no other to try.
  if (request.exclude?.has(workload.uid) === true)
    return refuse({ request, reason: 'ENDPOINTS_EXHAUSTED', service, workload });
  const reached = reachWorkload(chosen);
  return reached.upstream ?? refuse({ request, reason: reached.reason, service, workload, port: targetPort });
}

interface WaypointHop {
  readonly request: ResolveRequest;
  readonly binding: WaypointBinding;
  /** For a service's waypoint the service dialled; for a workload's, its likely one. */
  readonly service: Service | undefined;
  /** The workload dialled; undefined for a service's waypoint. */
  readonly workload: Workload | undefined;
}

/** Undefined: directly, since there is no waypoint, the caller is one of its pods, or it failed and may be gone round. */
function throughWaypoint(hop: WaypointHop): Upstream | UpstreamRefusal | undefined {
  const { request, binding } = hop;
  const waypoints = waypointsInTurn(binding, request.random);
  if (waypoints.some((waypoint) => isWaypointPod(request.view, request.source, waypoint))) return undefined;
  let first: UpstreamRefusal | undefined;
  for (const waypoint of waypoints) {
    const outcome = toWaypoint(hop, waypoint);
    if (outcome.kind !== 'refused') return outcome;
    first ??= outcome;
  }
  // An impostor in the waypoint's place is not an outage.
  return binding.waypointFailure === 'open' && first?.reason !== 'BAD_IDENTITY' ? undefined : first;
}

function toWaypoint(hop: WaypointHop, waypoint: GatewayAddress): Upstream | UpstreamRefusal {
  const { request, service, workload } = hop;
  const { destination } = request;
  const pod = pickWaypointPod(request, waypoint);
  if (pod.workload === undefined) return refuse({ request, reason: pod.reason, service, workload, waypoint });
  const accepted = expectedIdentities(pod.workload, pod.service);
  if (accepted.size === 0)
    return refuse({ request, reason: 'BAD_IDENTITY', service, workload: pod.workload, waypoint });
  return {
    kind: 'hbone-waypoint',
    address: addressOfFamily(pod.workload, destination.address),
    port: pod.port,
    authority: formatSocketAddress(destination),
    targetPort: destination.port,
    expectedIdentities: accepted,
    workload: pod.workload,
    service,
    serviceAddressed: workload === undefined,
  };
}

function passthrough(request: ResolveRequest, service: Service | undefined): Upstream {
  const { address, port } = request.destination;
  return {
    kind: 'passthrough',
    address,
    port,
    authority: undefined,
    targetPort: port,
    expectedIdentities: NOBODY,
    workload: undefined,
    service,
    serviceAddressed: service !== undefined,
  };
}
