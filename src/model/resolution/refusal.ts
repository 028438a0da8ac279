import { formatAuthority } from '../ip-address.ts';
import { type Service, serviceKey } from '../service.ts';
import { type GatewayAddress, readUnboundAddress, UNBOUND_REASONS } from '../waypoint-binding.ts';
import type { Workload } from '../workload.ts';
import type { ResolveRequest, UpstreamRefusal, UpstreamRefusalReason } from './upstream.ts';
import { nameWaypoint } from './waypoint.ts';

/** What a refusal is about; as much of it as is known. */
export interface RefusalContext {
  readonly request: Pick<ResolveRequest, 'view' | 'destination' | 'network'>;
  readonly reason: UpstreamRefusalReason;
  readonly service?: Service | undefined;
  readonly workload?: Workload | undefined;
  readonly waypoint?: GatewayAddress | undefined;
  /** The port that decided, where it is not the one that was dialled. */
  readonly port?: number | undefined;
}

/** Turns a reason into what a person needs: a sentence with names, and what to do. */
export function refuse(context: RefusalContext): UpstreamRefusal {
  const { message, hint } = describe(context);
  const { reason, service, workload } = context;
  return { kind: 'refused', reason, message, hint, service, workload };
}

function describe(context: RefusalContext): { readonly message: string; readonly hint: string } {
  const { request, service, workload, waypoint } = context;
  const port = context.port ?? request.destination.port;
  const dialled = formatAuthority(request.destination.address, request.destination.port);
  const target =
    service === undefined
      ? workload === undefined
        ? dialled
        : `${workload.namespace}/${workload.name}`
      : `service ${service.namespace}/${service.name}`;
  const gateway = waypoint === undefined ? 'its waypoint' : nameWaypoint(waypoint);
  switch (context.reason) {
    case 'RECURSIVE_PORT':
      return {
        message: `${dialled} leads to port ${port}, which belongs to the mesh itself`,
        hint: 'ports 15001, 15006 and 15008 cannot be dialled through the mesh; use another port for the application',
      };
    case 'UNKNOWN_PORT':
      return {
        message: `${target} has no port ${port}, only ${portList(service)}`,
        hint: 'add the port to the Service, or dial one that it has',
      };
    case 'NO_ENDPOINT':
      return { message: `${target} has ${countEndpoints(context)}`, hint: endpointHint(service) };
    case 'ENDPOINTS_EXHAUSTED':
      return {
        message: `every endpoint of ${waypoint === undefined ? target : gateway} was tried`,
        hint: 'see the earlier errors of this connection for why each of them failed',
      };
    case 'NO_TARGET_PORT':
      return {
        message: `no endpoint of ${target} has a port behind service port ${port}`,
        hint: 'check that the targetPort of the Service names a port that its pods declare',
      };
    case 'WAYPOINT_MISSING':
      return {
        message: `${target} is to be reached through ${gateway}, which does not exist`,
        hint: 'create it (nodemesh waypoint apply), or take the use-waypoint label away',
      };
    case 'WAYPOINT_UNUSABLE': {
      const reason = (waypoint && readUnboundAddress(waypoint)?.reason) ?? 'not-a-waypoint';
      return {
        message: `${target} is to be reached through ${gateway}, which ${UNBOUND_REASONS[reason]}`,
        hint: 'let its listener take the namespace (allowedRoutes), or name another in the use-waypoint label',
      };
    }
    case 'WAYPOINT_NOT_READY':
      return {
        message: `${target} is to be reached through ${gateway}, which has no pod that is ready`,
        hint: 'see why its pods are not ready (nodemesh waypoint status)',
      };
    case 'HOSTNAME_ENDPOINT':
      return {
        message: `${target} has only endpoints known by hostname, and the mesh does not resolve names yet`,
        hint: 'give the endpoints addresses (resolution: STATIC)',
      };
    case 'REMOTE_NETWORK':
      return {
        message: `${target} has only endpoints on networks other than ${JSON.stringify(request.network)}, which cannot be reached yet`,
        hint: 'run an endpoint on this network',
      };
    case 'UNSUPPORTED_PROTOCOL':
      return {
        message: `${target} takes ${workload?.tunnelProtocol ?? 'an unknown protocol'}, which this mesh does not speak`,
        hint: 'enrol the workload, or take it out of the other mesh',
      };
    case 'BAD_IDENTITY':
      return {
        message: `${target} has no valid identity: trust domain ${JSON.stringify(workload?.trustDomain)}, service account ${JSON.stringify(workload?.serviceAccount)}`,
        hint: 'fix the trust domain or the service account of the workload',
      };
  }
}

function portList(service: Service | undefined): string {
  return service?.ports.map((mapping) => mapping.servicePort).join(', ') ?? '';
}

function countEndpoints({ request, service }: RefusalContext): string {
  if (service === undefined) return 'no endpoint';
  const key = serviceKey(service.namespace, service.hostname);
  const total = request.view.allEndpoints(key).length;
  const ready = request.view.endpoints(key).length;
  if (total === 0) return 'no endpoint';
  if (ready === 0) return `${total} endpoint${total === 1 ? '' : 's'}, none of them ready`;
  return `${total} endpoint${total === 1 ? '' : 's'}, none of which this client may use`;
}

function endpointHint(service: Service | undefined): string {
  return service?.loadBalancing.mode === 'strict'
    ? `only endpoints of the same ${service.loadBalancing.routingPreference.join(', ')} may be used; run one there`
    : 'check that the selector of the Service matches pods and that these are ready';
}
