import { formatAuthority, type IpAddress } from '../ip-address.ts';
import { HBONE_PORT, RECURSIVE_PORTS } from '../port.ts';
import type { Service } from '../service.ts';
import type { SpiffeId } from '../spiffe-id.ts';
import type { Workload } from '../workload.ts';
import { expectedIdentities } from './expected-identities.ts';
import type { Upstream, UpstreamRefusalReason } from './upstream.ts';

/** Which workload is to be reached, and by what name its client called it. */
export interface ReachRequest {
  readonly workload: Workload;
  /** One of the workload's. */
  readonly address: IpAddress;
  readonly targetPort: number;
  readonly service: Service | undefined;
  /** True: the identities that the service lists are good too. */
  readonly serviceAddressed: boolean;
}

/** How a workload is reached, or why it cannot be. */
export type ReachOutcome =
  | { readonly upstream: Upstream; readonly reason?: undefined }
  | { readonly upstream?: undefined; readonly reason: UpstreamRefusalReason };

/** A tunnel where the workload takes one, else plain TCP; never to a port of the mesh itself. */
export function reachWorkload(request: ReachRequest): ReachOutcome {
  const { workload, address, targetPort, service, serviceAddressed } = request;
  // The port behind a service is checked too: a service must not be a way around the guard.
  if (RECURSIVE_PORTS.has(targetPort)) return { reason: 'RECURSIVE_PORT' };
  const shared = { address, targetPort, workload, service, serviceAddressed };
  switch (workload.tunnelProtocol) {
    case 'hbone': {
      const accepted = expectedIdentities(workload, serviceAddressed ? service : undefined);
      if (accepted.size === 0) return { reason: 'BAD_IDENTITY' };
      const authority = formatAuthority(address, targetPort);
      const upstream = {
        ...shared,
        kind: 'hbone',
        port: HBONE_PORT,
        authority,
        expectedIdentities: accepted,
      } as const;
      return { upstream };
    }
    case 'none': {
      const upstream = {
        ...shared,
        kind: 'tcp',
        port: targetPort,
        authority: undefined,
        expectedIdentities: NOBODY,
      } as const;
      return { upstream };
    }
    case 'legacy-istio-mtls':
      return { reason: 'UNSUPPORTED_PROTOCOL' };
  }
}

/** The family that was dialled where the workload has it, else its first; balancing takes only those that have one. */
export function addressOfFamily(workload: Workload, like: IpAddress): IpAddress {
  const wanted = like.includes(':');
  for (const address of workload.addresses) if (address.includes(':') === wanted) return address;
  return workload.addresses[0] ?? like;
}

const NOBODY: ReadonlySet<SpiffeId> = new Set();
