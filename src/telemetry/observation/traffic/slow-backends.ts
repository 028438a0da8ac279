import type { Rates } from '../../../model/index.ts';
import { ratesOf } from './rates.ts';
import { Tally } from './tally.ts';
import { endName, hasDestination } from './edge-ends.ts';
import type { EdgeTally } from './traffic-history.ts';

/** A workload that is slow in answering for a service. */
export interface SlowBackend {
  /** `namespace/name`. */
  readonly service: string;
  /** `namespace/name`; replicas count as one. */
  readonly workload: string;
  /** What took long: answering requests, or taking connections. */
  readonly what: 'requests' | 'connects';
  /** `namespace/name` of the waypoint that saw it; empty: the client's node did. */
  readonly waypoint: string;
  readonly rates: Rates;
  /** Of the typical other workload of the service; undefined: no other has answered often enough. */
  readonly others: Rates | undefined;
}

/**
 * Workloads that take `TIMES_OTHERS` times as long as the typical other one of the same service, in the median or in every
 * tenth case, or longer than `LONG_MS` in the median whatever others do. Who answered fewer than `FEWEST` times is not judged.
 */
export function slowBackends(observed: readonly EdgeTally[], seconds: number): readonly SlowBackend[] {
  const backends = [...tallied(observed).values()].flatMap(({ tally, ...names }) => {
    const count = names.what === 'requests' ? tally.requests : tally.opened;
    return count < FEWEST ? [] : [{ ...names, rates: ratesOf(tally, seconds) }];
  });
  const siblings = Map.groupBy(backends, ({ service, what }) => `${service} ${what}`);
  return [...siblings.values()].flatMap((all) =>
    all.flatMap((backend) => {
      const others = typical(all.filter((other) => other !== backend).map(({ rates }) => rates));
      return isSlow(backend.rates, others) ? [{ ...backend, others }] : [];
    }),
  );
}

type Names = Pick<SlowBackend, 'service' | 'workload' | 'what' | 'waypoint'>;

function tallied(observed: readonly EdgeTally[]): ReadonlyMap<string, Names & { readonly tally: Tally }> {
  const sums = new Map<string, Names & { readonly tally: Tally }>();
  for (const { edge, tally } of observed) {
    if (edge.service === undefined || !hasDestination(edge)) continue;
    const service = `${edge.service.namespace}/${edge.service.name}`;
    const workload = endName(edge.destination);
    // Times of connects and of requests are not to be compared.
    const what = edge.protocol === 'tcp' ? 'connects' : 'requests';
    const key = `${service} ${workload} ${what}`;
    const sum = sums.get(key) ?? { service, workload, what, waypoint: edge.waypoint, tally: new Tally() };
    sum.tally.add(tally);
    sums.set(key, sum);
  }
  return sums;
}

function typical(rates: readonly Rates[]): Rates | undefined {
  const timed = rates.filter(({ p50Ms }) => p50Ms !== undefined);
  const ascending = timed.toSorted((a, b) => (a.p50Ms ?? 0) - (b.p50Ms ?? 0));
  return ascending[Math.floor((ascending.length - 1) / 2)];
}

function isSlow(own: Rates, others: Rates | undefined): boolean {
  if ((own.p50Ms ?? 0) >= LONG_MS) return true;
  return (
    others !== undefined &&
    (isApart(own.p50Ms, others.p50Ms, NOTICEABLE_MS) || isApart(own.p90Ms, others.p90Ms, LONG_MS / 2))
  );
}

function isApart(own = 0, others = 0, leastMs: number): boolean {
  return own >= leastMs && own >= others * TIMES_OTHERS;
}

const FEWEST = 5;
const TIMES_OTHERS = 5;
const LONG_MS = 1_000;
/** Below this nobody waits. */
const NOTICEABLE_MS = 100;
