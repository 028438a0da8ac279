import type { MeshError } from '../../base/index.ts';
import type { Service, SocketAddress, Workload, WorkloadIdentity } from '../../model/index.ts';
import type { SpanContext } from '../../telemetry/index.ts';

/** Of a connection, as its workload sees it. */
export type Direction = 'inbound' | 'outbound';

/** How the bytes travel between the two sides of the mesh. */
export type Protocol = 'HBONE' | 'TCP';

/** What is known about one connection for metrics and the access log; more is learnt as it goes through its steps. */
export interface ConnectionDetails {
  readonly direction: Direction;
  readonly protocol: Protocol;
  /** The client's end. */
  readonly source: SocketAddress;
  readonly sourceWorkload?: Workload | undefined;
  readonly sourceIdentity?: WorkloadIdentity | undefined;
  /** What the client dialled: an address, or for tunnels with a name `hostname:port`. */
  readonly dialled?: string | undefined;
  /** The application's (or the outside server's) address. */
  readonly destination?: SocketAddress | undefined;
  /** The tunnel's far end, outbound only. */
  readonly tunnel?: SocketAddress | undefined;
  readonly destinationWorkload?: Workload | undefined;
  readonly destinationIdentity?: WorkloadIdentity | undefined;
  readonly service?: Service | undefined;
  /** The span that it is. */
  readonly trace?: SpanContext | undefined;
  /** The service's port that was dialled; undefined where that has to be told from the application's. */
  readonly servicePort?: number | undefined;
  /** `namespace/name` of the waypoint that it goes or came through; undefined without. */
  readonly waypoint?: string | undefined;
  /** The policy that let it through; undefined where none had to. */
  readonly policy?: string | undefined;
  /** What its refusal is called, where the peer was told. */
  readonly refusalId?: string | undefined;
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

/** What there is to know of a connection while it lives. */
export interface ConnectionLife {
  /** Unlike that of any other connection of this process. */
  readonly id: string;
  /** From its first step on. */
  readonly ageMs: number;
  /** So far. */
  bytes(): ConnectionBytes;
}

/** Where records go: metrics, access log, and what is observed. */
export interface ConnectionJournal {
  /** `life` may be asked at any time until the connection is closed. */
  opened(details: ConnectionDetails, life: ConnectionLife): OpenConnection;
  /** Never opened: refused, or nothing could be reached. */
  failed(details: ConnectionDetails, end: ConnectionEnd): void;
}

/** A connection whose opening was recorded. `closed` is called once. */
export interface OpenConnection {
  closed(end: ConnectionEnd): void;
}

/** One connection's way through the proxy. Exactly one of its ends is recorded, whatever happens. */
export interface ConnectionRecord extends ConnectionLife {
  readonly details: ConnectionDetails;
  learn(more: Partial<ConnectionDetails>): void;
  opened(meter: () => ConnectionBytes): void;
  /** Only the first call counts. */
  ended(end: Omit<ConnectionEnd, 'durationMs'>): void;
}

/** Of a connection that has just come. `monotonic` is in milliseconds. Nothing is written yet. */
export function beginRecord(
  journal: ConnectionJournal,
  monotonic: () => number,
  details: ConnectionDetails,
): ConnectionRecord {
  const startedMs = monotonic();
  let known = details;
  let open: OpenConnection | undefined;
  let over = false;
  let meter: () => ConnectionBytes = nothingYet;
  started += 1;
  const id = started.toString(36);
  const record: ConnectionRecord = {
    id,
    get ageMs() {
      return monotonic() - startedMs;
    },
    bytes: () => meter(),
    get details() {
      return known;
    },
    learn(more) {
      known = { ...known, ...more };
    },
    opened(itsMeter) {
      if (over || open !== undefined) return;
      meter = itsMeter;
      open = journal.opened(known, record);
    },
    ended({ bytesSent, bytesReceived, error }) {
      if (over) return;
      over = true;
      const end = { bytesSent, bytesReceived, error, durationMs: monotonic() - startedMs };
      if (open === undefined) journal.failed(known, end);
      else open.closed(end);
    },
  };
  return record;
}

/** Numbers the connections of the process. */
let started = 0;

function nothingYet(): ConnectionBytes {
  return { bytesSent: 0, bytesReceived: 0 };
}

/** Outbound connections are their client's node's to report, inbound ones their server's. */
export function reporterOf(details: ConnectionDetails): 'source' | 'destination' {
  return details.direction === 'outbound' ? 'source' : 'destination';
}
