import type { MeshError } from '../../base/index.ts';
import type { Service, Workload, WorkloadIdentity } from '../../model/index.ts';
import type { SpanContext } from '../../telemetry/index.ts';
import type { Endpoint } from './endpoint.ts';

export type Direction = 'inbound' | 'outbound';
export type Protocol = 'HBONE' | 'TCP';

/** What is known about one connection for metrics and the access log; more is learnt as it goes through its steps. */
export interface ConnectionDetails {
  readonly direction: Direction;
  readonly protocol: Protocol;
  /** The client's end. */
  readonly source: Endpoint;
  readonly sourceWorkload?: Workload | undefined;
  readonly sourceIdentity?: WorkloadIdentity | undefined;
  /** What the client dialled: an address, or for tunnels with a name `hostname:port`. */
  readonly dialled?: string | undefined;
  /** The application's (or the outside server's) address. */
  readonly destination?: Endpoint | undefined;
  /** The tunnel's far end, outbound only. */
  readonly tunnel?: Endpoint | undefined;
  readonly destinationWorkload?: Workload | undefined;
  readonly destinationIdentity?: WorkloadIdentity | undefined;
  readonly service?: Service | undefined;
  /** The span that it is. */
  readonly trace?: SpanContext | undefined;
}

/** Bytes as the client counts: sent to it, received from it. */
export interface ConnectionBytes {
  readonly bytesSent: number;
  readonly bytesReceived: number;
}

/** How a connection ended. */
export interface ConnectionEnd extends ConnectionBytes {
  readonly durationMs: number;
  /** Undefined: both sides ended it in an orderly way. */
  readonly error: MeshError | undefined;
}

/** Where records go: metrics and access log. */
export interface ConnectionJournal {
  /** `meter` may be asked at any time until the connection is closed. */
  opened(details: ConnectionDetails, meter: () => ConnectionBytes): OpenConnection;
  /** Never opened: refused, or nothing could be reached. */
  failed(details: ConnectionDetails, end: ConnectionEnd): void;
}

export interface OpenConnection {
  closed(end: ConnectionEnd): void;
}

/** One connection's way through the proxy. Exactly one of its ends is recorded, whatever happens. */
export interface ConnectionRecord {
  readonly details: ConnectionDetails;
  learn(more: Partial<ConnectionDetails>): void;
  opened(meter: () => ConnectionBytes): void;
  /** Only the first call counts. */
  ended(end: Omit<ConnectionEnd, 'durationMs'>): void;
}

export function beginRecord(
  journal: ConnectionJournal,
  monotonic: () => number,
  details: ConnectionDetails,
): ConnectionRecord {
  const startedMs = monotonic();
  let known = details;
  let open: OpenConnection | undefined;
  let over = false;
  return {
    get details() {
      return known;
    },
    learn(more) {
      known = { ...known, ...more };
    },
    opened(meter) {
      if (!over) open ??= journal.opened(known, meter);
    },
    ended({ bytesSent, bytesReceived, error }) {
      if (over) return;
      over = true;
      const end = { bytesSent, bytesReceived, error, durationMs: monotonic() - startedMs };
      if (open === undefined) journal.failed(known, end);
      else open.closed(end);
    },
  };
}
