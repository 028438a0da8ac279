import type { IpAddress } from '../ip-address.ts';
import type { Service } from '../service.ts';
import type { SpiffeId } from '../spiffe-id.ts';
import type { Workload, WorkloadUid } from '../workload.ts';
import type { MeshView } from '../mesh-view/index.ts';

/** One question: this workload dials that address; where do its bytes go? */
export interface ResolveRequest {
  readonly view: MeshView;
  /** Who dials. */
  readonly source: Workload;
  /** What it dialled. */
  readonly destination: { readonly address: IpAddress; readonly port: number };
  /** The network this proxy is on. */
  readonly network: string;
  /** Numbers in [0, 1). */
  readonly random: () => number;
  /** Endpoints already tried for this connection: another one is wanted. */
  readonly exclude?: ReadonlySet<WorkloadUid> | undefined;
}

/** Why a connection has nowhere to go, for counting; each with what it means. Sentences are in the refusal. */
export const UPSTREAM_REFUSAL_REASONS = {
  RECURSIVE_PORT: 'the destination is one of the proxies own ports, and would loop',
  UNKNOWN_PORT: 'the service does not have this port',
  NO_ENDPOINT: 'the service has no endpoint that may take the connection',
  ENDPOINTS_EXHAUSTED: 'every endpoint was tried',
  NO_TARGET_PORT: 'no endpoint of the service has a port behind this service port',
  WAYPOINT_MISSING: 'the destination names a waypoint that does not exist',
  WAYPOINT_UNUSABLE: 'the destination names a Gateway that is no waypoint or does not take its namespace',
  WAYPOINT_NOT_READY: 'the waypoint has no endpoint that is ready',
  HOSTNAME_ENDPOINT: 'the endpoint is known by hostname alone, which is not resolved yet',
  REMOTE_NETWORK: 'the endpoint is on another network, which cannot be reached yet',
  UNSUPPORTED_PROTOCOL: 'the endpoint wants a tunnel protocol that this mesh does not speak',
  BAD_IDENTITY: 'the endpoint has no valid identity to expect',
} as const;

/** A key of UPSTREAM_REFUSAL_REASONS; a closed list, so it may label a metric. */
export type UpstreamRefusalReason = keyof typeof UPSTREAM_REFUSAL_REASONS;

/**
 * `hbone`: tunnel to the destination's own proxy. `hbone-waypoint`: tunnel to a waypoint, which goes on from there.
 * `tcp`: plain to a workload outside the mesh. `passthrough`: plain to the address as dialled, about which nothing is known.
 */
export interface Upstream {
  readonly kind: 'hbone' | 'hbone-waypoint' | 'tcp' | 'passthrough';
  /** Where to connect: the HBONE port for tunnels. */
  readonly address: IpAddress;
  readonly port: number;
  /** `:authority` of the CONNECT: what the other end of the tunnel is to reach. Undefined without a tunnel. */
  readonly authority: string | undefined;
  /** Port that the application on the other end sees: the pod's, or for a waypoint the one that was dialled. */
  readonly targetPort: number;
  /** The peer must present one of these. Empty without a tunnel. The same set for the same endpoint, so that it can key a cache. */
  readonly expectedIdentities: ReadonlySet<SpiffeId>;
  /** Whom the connection is made to (a waypoint's pod for `hbone-waypoint`); undefined for `passthrough`. */
  readonly workload: Workload | undefined;
  /** The service that was dialled, or where a pod was dialled the one it most likely stands for; for metrics and logs. */
  readonly service: Service | undefined;
  /** True when `service` was dialled by its address: only then can another endpoint be asked for. */
  readonly serviceAddressed: boolean;
}

/** The connection must be reset. */
export interface UpstreamRefusal {
  readonly kind: 'refused';
  readonly reason: UpstreamRefusalReason;
  /** What happened, with names. */
  readonly message: string;
  /** What an operator can do about it. */
  readonly hint: string;
  readonly service: Service | undefined;
  readonly workload: Workload | undefined;
}

/** Tells the two outcomes of `resolveUpstream` apart. */
export function isRefusal(outcome: Upstream | UpstreamRefusal): outcome is UpstreamRefusal {
  return outcome.kind === 'refused';
}
