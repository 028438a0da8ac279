import type {
  ConnectionView,
  FlowRecord,
  RefusalView,
  RequestView,
  TraceSpan,
  TrafficCounts,
  TrafficEdge,
} from '../../model/index.ts';

/** What happened, to be added to what an edge has; all absent numbers are 0. */
export type CountsOfOne = Partial<Omit<TrafficCounts, 'latency' | 'statuses'>> & {
  /** Of a request that is over. */
  readonly status?: number;
  /** Milliseconds; goes into the latency of the edge. */
  readonly tookMs?: number;
};

/** Without `id` it gets one; without `proxy` it is this one that refused. */
export type ObservedRefusal = Omit<RefusalView, 'id' | 'proxy'> & Partial<Pick<RefusalView, 'id' | 'proxy'>>;

/**
 * Where a proxy says what it sees. Cheap enough for each connection and request: nothing is copied, formatted or sent here.
 * Memory is bounded whatever is said.
 */
export interface Observer {
  count(edge: TrafficEdge, counts: CountsOfOne): void;
  refused(refusal: ObservedRefusal): void;
  flow(flow: Omit<FlowRecord, 'firstMs' | 'lastMs' | 'count' | 'proxy'>): void;
  span(span: Omit<TraceSpan, 'proxy'>): void;
  /** Whether anybody follows live; asked before a view is made for it. */
  readonly isFollowed: boolean;
  connectionOpened(connection: ConnectionView): void;
  connectionClosed(
    connection: ConnectionView,
    end: { readonly closedMs: number; readonly error: string },
  ): void;
  requestEnded(request: RequestView): void;
}
