import type { Endpoint } from '../mesh-view/index.ts';
import type { LoadBalancing, LoadBalancingScope, Service } from '../service.ts';
import type { Workload } from '../workload.ts';
import { resolveTargetPort } from './target-port.ts';
import type { UpstreamRefusalReason } from './upstream.ts';

/** Where a workload is, as far as preferences can ask. */
export type Whereabouts = Pick<Workload, 'locality' | 'node' | 'clusterId' | 'network'>;

/** Who wants to reach which port of a service. */
export interface RankRequest {
  readonly service: Service;
  readonly endpoints: readonly Endpoint[];
  readonly servicePort: number;
  /** Whose locality decides. */
  readonly source: Whereabouts;
  readonly network: string;
  /** Usually the service's own. */
  readonly balancing: Pick<LoadBalancing, 'mode' | 'routingPreference'>;
  /** A waypoint listens on the port its users name, whether or not its service lists that port. */
  readonly anyPort: boolean;
}

/** An endpoint that may take the connection, with the port behind the service port. */
export interface Candidate {
  readonly endpoint: Endpoint;
  readonly targetPort: number;
}

/** Where to try, in which order. */
export interface RankedEndpoints {
  /** Best rank first; those of one rank in the order in which they came. */
  readonly tiers: readonly (readonly Candidate[])[];
  /** Why there are no tiers, where there are none. */
  readonly emptyBecause: UpstreamRefusalReason;
}

/** Which endpoints can be reached at all, by how near the Service wants them to be (wire.md §6.3). */
export function rankEndpoints(request: RankRequest): RankedEndpoints {
  const ranked = new Map<number, Candidate[]>();
  let emptyBecause: UpstreamRefusalReason = 'NO_ENDPOINT';
  for (const endpoint of request.endpoints) {
    const { workload } = endpoint;
    const rank = rankOf(request.balancing, request.source, workload);
    if (rank === undefined || workload.capacity === 0) continue;
    if (workload.network !== request.network) {
      emptyBecause = 'REMOTE_NETWORK';
      continue;
    }
    if (workload.addresses.length === 0) {
      emptyBecause = workload.hostname === '' ? emptyBecause : 'HOSTNAME_ENDPOINT';
      continue;
    }
    const targetPort =
      resolveTargetPort(request.service, endpoint, request.servicePort) ??
      (request.anyPort ? request.servicePort : undefined);
    if (targetPort === undefined) {
      emptyBecause = 'NO_TARGET_PORT';
      continue;
    }
    const candidates = ranked.get(rank);
    if (candidates === undefined) ranked.set(rank, [{ endpoint, targetPort }]);
    else candidates.push({ endpoint, targetPort });
  }
  const ranks = [...ranked.keys()].sort((a, b) => b - a);
  return { tiers: ranks.map((rank) => ranked.get(rank) ?? []), emptyBecause };
}

/** What a preference goes by. */
export function scopeValue(workload: Whereabouts, scope: LoadBalancingScope): string {
  switch (scope) {
    case 'region':
      return workload.locality.region;
    case 'zone':
      return workload.locality.zone;
    case 'subzone':
      return workload.locality.subzone;
    case 'node':
      return workload.node;
    case 'cluster':
      return workload.clusterId;
    case 'network':
      return workload.network;
  }
}

/** How many of the preferred scopes match, from the first on; undefined when STRICT forbids the endpoint. */
function rankOf(
  { mode, routingPreference }: RankRequest['balancing'],
  source: Whereabouts,
  endpoint: Whereabouts,
): number | undefined {
  if (mode !== 'strict' && mode !== 'failover') return 0;
  let rank = 0;
  for (const scope of routingPreference) {
    if (scopeValue(source, scope) !== scopeValue(endpoint, scope)) break;
    rank++;
  }
  return mode === 'strict' && rank < routingPreference.length ? undefined : rank;
}
