import type { Clock, MeshError, Timer } from '../../base/index.ts';
import { formatSocketAddress, type RefusalView, SLOT_MS, type TrafficEdge } from '../../model/index.ts';
import type { Observer } from '../../telemetry/index.ts';
import {
  type ConnectionDetails,
  type ConnectionJournal,
  type ConnectionLife,
  reporterOf,
} from '../connections/connection-record.ts';
import { connectionView, destinationOf, dialledPort, sourceOf } from './connection-view.ts';
import { toldByPeer, verdictOf } from './refusal.ts';
import { isLateRefusal } from './refusal-reason.ts';
import { createEdgeBook, type EdgeBook } from './traffic-edge.ts';

/** A journal for what is observed, with the work that is not done for each connection. */
export interface ObservingJournal extends ConnectionJournal {
  /** Counts what live connections have carried since the last time; done by itself once in a slot. */
  measure(): void;
  /** Stops measuring. */
  close(): void;
}

/** Who observes, and which ends of connections are refusals rather than failures. */
export interface ObservingJournalDeps {
  readonly observer: Observer;
  readonly clock: Clock;
  /** Codes and reasons by which this proxy refuses on purpose. */
  readonly verdicts: ReadonlySet<string>;
  /** Codes that cut a connection which had been let in. */
  readonly lateRefusals: ReadonlySet<string>;
  /** Who reports. Default: the end of the connection that its direction says. */
  readonly reporter?: TrafficEdge['reporter'];
  /** `namespace/name` of the waypoint that reports; default: the one that a connection names. */
  readonly waypoint?: string;
  /** Told of the work that a connection makes: of its beginning, and of bytes as they are counted. */
  onWork?(details: ConnectionDetails, work: { readonly connects?: number; readonly bytes?: number }): void;
  /** Shared with whoever else counts under the same edges. */
  readonly edges?: EdgeBook;
}

interface Live {
  readonly details: ConnectionDetails;
  readonly edge: TrafficEdge;
  readonly life: ConnectionLife;
  sent: number;
  received: number;
}

/**
 * Tells the observer of each connection: that it opened and how long that took, what it carries, and how it ended; of each
 * that did not come about, why. Bytes are asked for once in a slot of time, never as they flow.
 */
export function createObservingJournal(deps: ObservingJournalDeps): ObservingJournal {
  const { observer, clock, verdicts, lateRefusals } = deps;
  const edges = deps.edges ?? createEdgeBook();
  const live = new Set<Live>();
  let timer: Timer | undefined;

  function edgeOf(details: ConnectionDetails): TrafficEdge {
    return edges({
      reporter: deps.reporter ?? reporterOf(details),
      source: sourceOf(details),
      destination: destinationOf(details),
      service: details.service,
      servicePort: dialledPort(details),
      protocol: 'tcp',
      mutualTls: details.protocol === 'HBONE',
      waypoint: deps.waypoint ?? details.waypoint ?? '',
    });
  }

  function moved(
    entry: Live,
    sent: number,
    received: number,
  ): { readonly sentBytes: number; readonly receivedBytes: number } {
    const counts = {
      sentBytes: Math.max(0, sent - entry.sent),
      receivedBytes: Math.max(0, received - entry.received),
    };
    entry.sent = sent;
    entry.received = received;
    deps.onWork?.(entry.details, { bytes: counts.sentBytes + counts.receivedBytes });
    return counts;
  }

  function measure(): void {
    for (const entry of live) {
      const { bytesSent, bytesReceived } = entry.life.bytes();
      if (bytesSent > entry.sent || bytesReceived > entry.received)
        observer.count(entry.edge, moved(entry, bytesSent, bytesReceived));
    }
  }

  /** Nothing is timed while nothing lives. */
  function watch(): void {
    timer ??= clock.after(SLOT_MS, () => {
      timer = undefined;
      measure();
      if (live.size > 0) watch();
    });
  }

  function noteFlow(
    details: ConnectionDetails,
    edge: TrafficEdge,
    outcome: { readonly verdict: 'allowed' | 'refused' | 'failed'; readonly policy: string },
  ): void {
    observer.flow({
      reporter: edge.reporter,
      source: edge.source,
      sourceAddress: details.source.address,
      destination: edge.destination,
      destinationAddress: details.destination?.address ?? '',
      destinationPort: details.destination?.port ?? 0,
      service: edge.service,
      mutualTls: edge.mutualTls,
      waypoint: edge.waypoint,
      ...outcome,
      request: undefined,
    });
  }

  /** Returns which kind it was. */
  function refuse(details: ConnectionDetails, edge: TrafficEdge, error: MeshError): 'refused' | 'failed' {
    const verdict = verdictOf(error, verdicts);
    const { destination, dialled } = details;
    observer.refused({
      // One refusal has one name, and one proxy that refused, at both ends.
      ...nameOf(details, error),
      atMs: clock.now(),
      reporter: edge.reporter,
      source: edge.source,
      sourceAddress: details.source.address,
      destination: edge.destination,
      dialled: dialled ?? (destination === undefined ? '' : formatSocketAddress(destination)),
      service: edge.service,
      request: undefined,
      ...verdict,
      traceId: details.trace?.sampled === true ? details.trace.traceId : '',
    });
    noteFlow(details, edge, { verdict: verdict.kind, policy: verdict.policy });
    return verdict.kind;
  }

  return {
    opened(details, life) {
      const edge = edgeOf(details);
      const entry: Live = { details, edge, life, sent: 0, received: 0 };
      live.add(entry);
      watch();
      deps.onWork?.(details, ONE_CONNECT);
      observer.count(edge, { opened: 1, tookMs: life.ageMs });
      noteFlow(details, edge, { verdict: 'allowed', policy: details.policy ?? '' });
      if (observer.isFollowed) observer.connectionOpened(connectionView(details, life, clock.now()));
      return {
        closed(end) {
          live.delete(entry);
          const { error } = end;
          const ended =
            error === undefined
              ? undefined
              : isLateRefusal(error, lateRefusals)
                ? refuse(details, edge, error)
                : 'failed';
          observer.count(edge, {
            closed: 1,
            ...moved(entry, end.bytesSent, end.bytesReceived),
            ...(ended === undefined ? {} : { [ended]: 1 }),
          });
          if (observer.isFollowed)
            observer.connectionClosed(connectionView(details, life, clock.now()), {
              closedMs: clock.now(),
              error: error?.message ?? '',
            });
        },
      };
    },
    failed(details, { error }) {
      // Whoever gives up before anything was decided is no matter of the mesh.
      if (error === undefined) return;
      const edge = edgeOf(details);
      deps.onWork?.(details, ONE_CONNECT);
      observer.count(edge, { [refuse(details, edge, error)]: 1 });
    },
    measure,
    close() {
      timer?.cancel();
      timer = undefined;
      measure();
    },
  };
}

/** Empty where nobody else knows of it: then it gets a name of its own. */
function nameOf(
  { refusalId }: ConnectionDetails,
  error: MeshError,
): Partial<Pick<RefusalView, 'id' | 'proxy'>> {
  const peer = toldByPeer(error);
  if (peer !== undefined) return { id: peer.id, proxy: peer.proxy };
  return refusalId === undefined ? {} : { id: refusalId };
}

const ONE_CONNECT = { connects: 1 } as const;

/** One journal for two, each of which gets everything. */
export function joinJournals(first: ConnectionJournal, second: ConnectionJournal): ConnectionJournal {
  return {
    opened(details, life) {
      const one = first.opened(details, life);
      const other = second.opened(details, life);
      return {
        closed(end) {
          one.closed(end);
          other.closed(end);
        },
      };
    },
    failed(details, end) {
      first.failed(details, end);
      second.failed(details, end);
    },
  };
}
