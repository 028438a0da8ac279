/** One end of traffic. Replicas count as one: their workload (a Deployment, say) is named, not the pod. */
export interface TrafficEnd {
  /** Empty outside of the mesh. */
  readonly namespace: string;
  /** Outside of the mesh: the IP address. */
  readonly workload: string;
  /** SPIFFE ID as it was proved; empty where none was. */
  readonly identity: string;
}

/** A service by its name, and the port of it that was dialled. */
export interface ServicePort {
  readonly namespace: string;
  readonly name: string;
  readonly port: number;
}

/** What traffic is counted under: who, to whom, by which way, and who says so. */
export interface TrafficEdge {
  /**
   * Which proxy counted it: the client's node, the server's node, or the waypoint between. The same connection is counted by
   * each of them, so never add up edges of several reporters.
   */
  readonly reporter: 'source' | 'destination' | 'waypoint';
  readonly source: TrafficEnd;
  readonly destination: TrafficEnd;
  /** Undefined where a pod or an outside address was dialled. */
  readonly service: ServicePort | undefined;
  readonly protocol: 'tcp' | 'http' | 'grpc';
  readonly mutualTls: boolean;
  /** `namespace/name` of the waypoint that it goes through, or that reports it; empty without. */
  readonly waypoint: string;
}

/** What happened on an edge within some time. All of it adds up. */
export interface TrafficCounts {
  readonly opened: number;
  readonly closed: number;
  /** Not opened, or broken off, by a fault. */
  readonly failed: number;
  /** Not let through by a policy or by design. */
  readonly refused: number;
  /** Bytes to the client. */
  readonly sentBytes: number;
  /** Bytes from the client. */
  readonly receivedBytes: number;
  readonly requests: number;
  /** Requests by the first digit of their status: index 0 is 1xx, index 4 is 5xx. */
  readonly statuses: readonly [number, number, number, number, number];
  /** gRPC calls whose status was not 0. */
  readonly grpcErrors: number;
  /** Tries beyond the first. */
  readonly retries: number;
  /** Of requests: from head to the last byte of the answer. Of TCP: until the other end was reached. */
  readonly latency: LatencyCounts;
}

/**
 * How many took how long, by the buckets of `LATENCY_BOUNDS_MS`; the last one is for all that took longer. Empty: nothing was
 * timed.
 */
export type LatencyCounts = readonly number[];

/** Upper bounds in milliseconds, each √2 times the one before: 0.25 ms to 2 minutes, within 20 % at any point. */
export const LATENCY_BOUNDS_MS: readonly number[] = Array.from(
  { length: 39 },
  (_, index) => 0.25 * 2 ** (index / 2),
);

/** Counts of one edge in one slot of time. */
export interface TrafficSlot {
  readonly edge: TrafficEdge;
  /** Start, in milliseconds since 1970; a multiple of `SLOT_MS`. */
  readonly startMs: number;
  readonly counts: TrafficCounts;
}

/** How fine time is kept. */
export const SLOT_MS = 5_000;
/** How long it is kept: fifteen minutes. */
export const KEPT_MS = 900_000;
