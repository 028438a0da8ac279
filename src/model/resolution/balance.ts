import type { Service } from '../service.ts';
import type { Workload, WorkloadUid } from '../workload.ts';
import type { Endpoint } from '../mesh-view/index.ts';
import { type Candidate, rankEndpoints, scopeValue } from './rank-endpoints.ts';
import type { UpstreamRefusalReason } from './upstream.ts';

/** One choice to make. */
export interface BalanceRequest {
  readonly service: Service;
  /** As the view gave them: the array's identity keys what is prepared. */
  readonly endpoints: readonly Endpoint[];
  readonly servicePort: number;
  readonly source: Workload;
  readonly network: string;
  readonly random: () => number;
  readonly exclude: ReadonlySet<WorkloadUid> | undefined;
  /** A waypoint listens on the port its users name, whether or not its service lists that port. */
  readonly anyPort: boolean;
}

/** An endpoint, or why there is none. */
export type BalanceOutcome =
  | { readonly candidate: Candidate; readonly reason?: undefined }
  | { readonly candidate?: undefined; readonly reason: UpstreamRefusalReason };

/** Candidates of equal rank, with running totals of their weights so that a choice is a binary search. */
interface Tier {
  readonly candidates: readonly Candidate[];
  readonly totals: readonly number[];
}

interface Prepared {
  readonly service: Service;
  readonly network: string;
  readonly pools: Map<string, Pool>;
}

interface Pool {
  /** Best rank first. */
  readonly tiers: readonly Tier[];
  /** Why there are no tiers, where there are none. */
  readonly emptyBecause: UpstreamRefusalReason;
}

/** What was worked out for one list of endpoints dies with that list. */
const prepared = new WeakMap<readonly Endpoint[], Prepared>();

/**
 * Picks an endpoint at random, by capacity, among the best-ranked ones (wire.md §6.3). Ranking is done once for each
 * change of the endpoints, port, and locality of the source; a pick costs a lookup and a binary search.
 */
export function pickEndpoint(request: BalanceRequest): BalanceOutcome {
  const pool = poolFor(request);
  const [best] = pool.tiers;
  if (best === undefined) return { reason: pool.emptyBecause };
  const { exclude, random } = request;
  if (exclude === undefined || exclude.size === 0) {
    const candidate = pickByWeight(best, random());
    return candidate === undefined ? { reason: 'NO_ENDPOINT' } : { candidate };
  }
  for (const tier of pool.tiers) {
    const left = tier.candidates.filter(({ endpoint }) => !exclude.has(endpoint.workload.uid));
    const candidate = left.length === 0 ? undefined : pickByWeight(makeTier(left), random());
    if (candidate !== undefined) return { candidate };
  }
  return { reason: 'ENDPOINTS_EXHAUSTED' };
}

function poolFor(request: BalanceRequest): Pool {
  const { endpoints, service, network } = request;
  let held = prepared.get(endpoints);
  if (held === undefined || held.service !== service || held.network !== network) {
    held = { service, network, pools: new Map() };
    prepared.set(endpoints, held);
  }
  const key = `${request.anyPort ? 'any' : ''}${request.servicePort}${localityKey(request)}`;
  const known = held.pools.get(key);
  if (known !== undefined) return known;
  const pool = makePool(request);
  held.pools.set(key, pool);
  return pool;
}

/** Only what the service ranks by may tell sources apart, else every pod would get a pool of its own. */
function localityKey(request: BalanceRequest): string {
  let key = '';
  for (const scope of request.service.loadBalancing.routingPreference)
    key += `\n${scopeValue(request.source, scope)}`;
  return key;
}

function makePool(request: BalanceRequest): Pool {
  const { tiers, emptyBecause } = rankEndpoints({ ...request, balancing: request.service.loadBalancing });
  return { tiers: tiers.map(makeTier), emptyBecause };
}

function makeTier(candidates: readonly Candidate[]): Tier {
  const totals: number[] = [];
  let total = 0;
  for (const { endpoint } of candidates) {
    total += endpoint.workload.capacity;
    totals.push(total);
  }
  return { candidates, totals };
}

function pickByWeight(tier: Tier, share: number): Candidate | undefined {
  const point = share * (tier.totals.at(-1) ?? 0);
  let low = 0;
  let high = tier.totals.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((tier.totals[middle] ?? 0) > point) high = middle;
    else low = middle + 1;
  }
  return tier.candidates[low];
}
