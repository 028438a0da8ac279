import {
  formatSocketAddress,
  type MeshView,
  RECURSIVE_PORTS,
  resolveTargetPort,
  type Service,
  serviceKey,
  type SocketAddress,
  type Workload,
} from '../../model/index.ts';
import { ZtunnelError } from '../errors.ts';
import type { TunnelRequest } from '../../proxy/index.ts';

/** Where the tunnel leads to. */
export interface TunnelTarget {
  readonly target: SocketAddress;
  /** Known only where the authority was a name. */
  readonly service: Service | undefined;
}

/** Where a tunnel asks to go: an address must be the very one the tunnel came to, a name must be a service of this pod. */
export function tunnelTarget(request: TunnelRequest, view: MeshView, workload: Workload): TunnelTarget {
  const { authority, local } = request;
  if (authority.kind === 'hostname') return namedTarget(request, view, workload);
  if (authority.address !== local.address) {
    throw new ZtunnelError({
      code: 'ERR_ZTUNNEL_WRONG_AUTHORITY',
      blame: 'downstream',
      message: `a tunnel to ${local.address} asks for ${formatSocketAddress(authority)}`,
      hint: 'the sender knows an older address of this pod, or sends for a waypoint that this pod is not',
    });
  }
  return { target: checkPort({ address: authority.address, port: authority.port }), service: undefined };
}

/** A port of the mesh itself would bring the connection back to us for ever. */
export function checkPort(target: SocketAddress): SocketAddress {
  if (!RECURSIVE_PORTS.has(target.port)) return target;
  throw new ZtunnelError({
    code: 'ERR_ZTUNNEL_RECURSIVE_PORT',
    blame: 'downstream',
    message: `${formatSocketAddress(target)} is a port of the mesh and cannot be tunnelled to`,
  });
}

function namedTarget(request: TunnelRequest, view: MeshView, workload: Workload): TunnelTarget {
  const { authority, local } = request;
  const hostname = authority.kind === 'hostname' ? authority.hostname : authority.address;
  const service = view.serviceByHostname(hostname, workload.namespace);
  const ports =
    service === undefined
      ? undefined
      : workload.services.get(serviceKey(service.namespace, service.hostname));
  const port =
    service === undefined || ports === undefined
      ? undefined
      : resolveTargetPort(service, { ports }, authority.port);
  if (port !== undefined) return { target: checkPort({ address: local.address, port }), service };
  throw new ZtunnelError({
    code: 'ERR_ZTUNNEL_UNKNOWN_DESTINATION',
    blame: 'downstream',
    message: `${hostname}:${authority.port} is not a service port of ${workload.namespace}/${workload.name}`,
  });
}
