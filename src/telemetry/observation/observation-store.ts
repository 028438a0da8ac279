import { type Clock, systemClock } from '../../base/index.ts';
import type { FlowRecord, ObservedBatch, RefusalView, TraceSpan } from '../../model/index.ts';
import { type EventFilter, matchesEnds } from './event-filter.ts';
import { createFlowTable, createRefusalLog, createTraceTable } from './events/index.ts';
import { createFollowers, type Follower } from './followers.ts';
import { type ObservationLimits, resolveObservationLimits } from './observation-limits.ts';
import { cutBatch } from './observed-batch.ts';
import type { Observer } from './observer.ts';
import { createTrafficHistory, MOST_AHEAD_MS } from './traffic/index.ts';
import { createTrafficQueries, type TrafficQueries } from './traffic-queries.ts';

/** Who observes, how much is kept, and until when windows reach. */
export interface ObservationStoreOptions {
  /** Who observes: `ztunnel/<node>`, `waypoint/<namespace>/<pod>`, or `controller`. */
  readonly proxy: string;
  readonly clock?: Clock | undefined;
  readonly limits?: Partial<ObservationLimits> | undefined;
  /**
   * How far behind now windows end, for what others report: until then all of it is there. Default 0, and then the slot that is
   * not over counts as well.
   */
  readonly lagMs?: number | undefined;
}

/**
 * The last fifteen minutes, in bounded memory and without timers. A proxy counts into its own; the controller's is filled from
 * theirs.
 */
export interface ObservationStore extends Observer, TrafficQueries {
  /** Unlike that of another store, or of the same process at another time. */
  readonly instance: string;
  /** Newest first. */
  flows(filter: EventFilter): readonly FlowRecord[];
  /** Newest first. */
  refusals(filter: EventFilter): readonly RefusalView[];
  /** Oldest span first; empty when nothing is known of it. */
  trace(traceId: string): readonly TraceSpan[];
  /** Whom to tell at once; returns what ends it. */
  follow(follower: Follower): () => void;
  /**
   * What there is to report after `sequence` (0: all that is kept) and up to `upTo` (default: now), at most `most` of each kind
   * (default 2,000).
   */
  since(sequence: number, most?: number, upTo?: number): ObservedBatch;
  /** For who ends: what was counted until now is told by the next `since`, although its slot of time is not over. */
  seal(): void;
  /**
   * Adds what the store of `proxy` reported, as far as that does not take the room of all others. To be called once with each
   * batch.
   */
  ingest(batch: Omit<ObservedBatch, 'from' | 'upTo'>, proxy: string): void;
}

/** Empty, with an `instance` of its own, by which the controller knows a restarted process. */
export function createObservationStore(options: ObservationStoreOptions): ObservationStore {
  const { proxy, clock = systemClock, lagMs = 0 } = options;
  const limits = resolveObservationLimits(options.limits);
  const startedMs = clock.now();
  const instance = `${startedMs.toString(36)}${Math.floor(Math.random() * 36 ** 4).toString(36)}`;
  let sequence = 0;
  const next = (count = 1): number => {
    const first = sequence + 1;
    sequence += count;
    return first;
  };
  const history = createTrafficHistory(limits, next);
  const refusals = createRefusalLog(limits.refusals);
  const flows = createFlowTable(limits.flows);
  const traces = createTraceTable(limits.spans);
  const followers = createFollowers();

  const addRefusal = (refusal: RefusalView, own: number, reportedBy?: string): void => {
    const known = refusals.add(refusal, own, reportedBy);
    if (known !== undefined) followers.refused(known);
  };

  return {
    ...createTrafficQueries({ history, clock, lagMs, startedMs }),
    instance,
    get isFollowed() {
      return followers.isFollowed;
    },
    count: (edge, counts) => history.tally(edge, clock.now()).addOne(counts),
    refused(refusal) {
      const own = next();
      addRefusal(
        { ...refusal, id: refusal.id ?? `${proxy}/${instance}/${own}`, proxy: refusal.proxy ?? proxy },
        own,
      );
    },
    flow: (flow) => flows.note(flow, { proxy, atMs: clock.now(), sequence: next() }),
    span: (span) => traces.add({ ...span, proxy }, next()),
    connectionOpened: followers.connectionOpened,
    connectionClosed: followers.connectionClosed,
    requestEnded: followers.requestEnded,
    follow: followers.add,
    flows(filter) {
      const fromMs = clock.now() - filter.windowMs;
      const { verdict } = filter;
      return (
        flows
          .newestFirst()
          .filter(
            (flow) =>
              flow.lastMs >= fromMs &&
              (verdict === undefined || flow.verdict === verdict) &&
              matchesEnds(flow, filter),
          )
          // Reports of several proxies come as they come.
          .sort((a, b) => b.lastMs - a.lastMs)
          .slice(0, filter.limit)
      );
    },
    refusals(filter) {
      const fromMs = clock.now() - filter.windowMs;
      return [...refusals.newestFirst()]
        .filter((refusal) => refusal.atMs >= fromMs && matchesEnds(refusal, filter))
        .sort((a, b) => b.atMs - a.atMs)
        .slice(0, filter.limit);
    },
    trace: traces.trace,
    seal: history.seal,
    since(from, most = 2_000, upTo = Number.POSITIVE_INFINITY) {
      const streams = {
        slots: history.closedSince(from, most, clock.now()),
        refusals: refusals.since(from, most),
        flows: flows.since(from, most),
        spans: traces.since(from, most),
      };
      return cutBatch(from, Math.min(sequence, upTo), streams, most);
    },
    ingest(batch, reportedBy) {
      const nowMs = clock.now();
      // A clock that is far ahead is wrong; what it dated would be the newest for ever.
      const latestMs = nowMs + MOST_AHEAD_MS;
      for (const slot of batch.slots) history.ingest(slot, nowMs, reportedBy);
      for (const refusal of batch.refusals)
        addRefusal({ ...refusal, atMs: Math.min(refusal.atMs, latestMs) }, next(), reportedBy);
      for (const flow of batch.flows)
        flows.replace({ ...flow, lastMs: Math.min(flow.lastMs, latestMs) }, nowMs, next());
      for (const span of batch.spans) traces.add(span, next(), reportedBy);
    },
  };
}
