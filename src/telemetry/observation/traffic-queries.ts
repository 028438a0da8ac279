import type { Clock } from '../../base/index.ts';
import type { Rates, ServiceSeries, Topology } from '../../model/index.ts';
import {
  type EdgeTally,
  endName,
  type KnownNodes,
  ratesOf,
  type SlowBackend,
  slotStart,
  slowBackends,
  Tally,
  toldOnce,
  topologyOf,
  type TrafficHistory,
} from './traffic/index.ts';

/** Questions about traffic over a window, each connection and request counted once, whoever reported it. */
export interface TrafficQueries {
  topology(query: {
    readonly windowMs: number;
    /** Only edges with an end in it; all when absent or empty. */
    readonly namespace?: string | undefined;
    readonly known?: KnownNodes | undefined;
  }): Topology;
  /** By `namespace/name`, of services with traffic. `idle` of the same window is for all others. */
  serviceRates(windowMs: number): RatesByName;
  /** Workloads that are slow in answering for a service. */
  slowBackends(windowMs: number): readonly SlowBackend[];
  /** By `namespace/name` of the workload, whichever end it was. */
  workloadRates(windowMs: number): RatesByName;
  /** By `namespace/name`: what goes through each waypoint. */
  waypointRates(windowMs: number): RatesByName;
  serviceSeries(query: {
    readonly namespace: string;
    readonly name: string;
    readonly windowMs: number;
    /** A multiple of SLOT_MS. */
    readonly stepMs: number;
  }): ServiceSeries;
}

/** Rates of all of a kind, by namespace and name. */
export interface RatesByName {
  /** Those of nothing when there was no traffic. */
  of(namespace: string, name: string): Rates;
}

/** All traffic of a window, once. */
interface Summed {
  readonly observed: readonly EdgeTally[];
  readonly seconds: number;
}

/** What questions about traffic are answered from. */
export interface TrafficQueryParts {
  readonly history: TrafficHistory;
  readonly clock: Clock;
  readonly lagMs: number;
  readonly startedMs: number;
}

/** Nothing is computed before it is asked for, and a dear sum is used again for a while. */
export function createTrafficQueries(parts: TrafficQueryParts): TrafficQueries {
  const { history, clock, lagMs } = parts;

  /** From the start of a slot to before `endMs`, and how many seconds of it were watched. */
  const windowOf = (windowMs: number): { fromMs: number; toMs: number; endMs: number; seconds: number } => {
    const nowMs = clock.now();
    const toMs = lagMs === 0 ? nowMs : slotStart(nowMs - lagMs);
    const fromMs = slotStart(toMs - windowMs);
    const watchedMs = Math.min(parts.startedMs, history.oldestMs ?? parts.startedMs);
    // What began just now is not yet a rate.
    const seconds = Math.max(toMs - Math.max(fromMs, watchedMs), 1_000) / 1_000;
    // What this process counts is of the past, whatever its clock says.
    return { fromMs, toMs, endMs: lagMs === 0 ? Number.POSITIVE_INFINITY : toMs, seconds };
  };

  const recent = new Map<number, Summed & { readonly untilMs: number }>();

  /** A sum that took long is used again for ten times as long, so that adding up never takes more than a tenth of the time. */
  const once = (windowMs: number): Summed => {
    const beganMs = clock.monotonic();
    const known = recent.get(windowMs);
    if (known !== undefined && beganMs < known.untilMs) return known;
    const { fromMs, endMs, seconds } = windowOf(windowMs);
    const observed = toldOnce(history.sums(fromMs, endMs));
    const endedMs = clock.monotonic();
    for (const [window, { untilMs }] of recent) if (untilMs <= endedMs) recent.delete(window);
    const summed = { observed, seconds, untilMs: endedMs + REUSED_TIMES * (endedMs - beganMs) };
    if (recent.size < MOST_REUSED) recent.set(windowMs, summed);
    return summed;
  };

  const byName = (windowMs: number, namesOf: (counted: EdgeTally) => readonly string[]): RatesByName => {
    const { observed, seconds } = once(windowMs);
    const sums = new Map<string, Tally>();
    for (const counted of observed) {
      for (const name of new Set(namesOf(counted))) {
        const sum = sums.get(name) ?? new Tally();
        sum.add(counted.tally);
        sums.set(name, sum);
      }
    }
    return { of: (namespace, name) => ratesOf(sums.get(`${namespace}/${name}`) ?? NOTHING, seconds) };
  };

  return {
    topology({ windowMs, namespace = '', known = NOTHING_KNOWN }) {
      const { observed, seconds } = once(windowMs);
      return topologyOf({ observed, seconds, namespace, known, slow: slowBackends(observed, seconds) });
    },
    slowBackends(windowMs) {
      const { observed, seconds } = once(windowMs);
      return slowBackends(observed, seconds);
    },
    serviceRates: (windowMs) =>
      byName(windowMs, ({ edge: { service } }) =>
        service === undefined ? [] : [`${service.namespace}/${service.name}`],
      ),
    workloadRates: (windowMs) =>
      byName(windowMs, ({ edge: { source, destination } }) => [endName(source), endName(destination)]),
    waypointRates: (windowMs) =>
      byName(windowMs, ({ edge: { waypoint } }) => (waypoint === '' ? [] : [waypoint])),
    serviceSeries({ namespace, name, windowMs, stepMs }) {
      const { fromMs, toMs } = windowOf(windowMs);
      const steps = Math.max(1, Math.floor((slotStart(toMs) - fromMs) / stepMs));
      const firstMs = slotStart(toMs) - steps * stepMs;
      // Who is believed is decided over the whole window, so that a line does not change its teller.
      const believed = new Set(
        toldOnce(history.sums(firstMs, slotStart(toMs)))
          .filter(({ edge: { service } }) => service?.namespace === namespace && service.name === name)
          .map(({ edge }) => edge),
      );
      const tallies = Array.from({ length: steps }, () => new Tally());
      for (const slot of history.slots(firstMs, firstMs + steps * stepMs)) {
        const step = tallies[Math.floor((slot.startMs - firstMs) / stepMs)];
        for (const [{ edge }, tally] of slot.tallies) if (believed.has(edge)) step?.add(tally);
      }
      return {
        service: { namespace, name },
        stepMs,
        times: tallies.map((_, index) => firstMs + index * stepMs),
        rates: tallies.map((tally) => ratesOf(tally, stepMs / 1_000)),
      };
    },
  };
}

const REUSED_TIMES = 10;
/** Windows whose sums are kept. */
const MOST_REUSED = 8;
const NOTHING = new Tally();
const NOTHING_KNOWN: KnownNodes = { workloadInMesh: () => undefined, service: () => undefined };
