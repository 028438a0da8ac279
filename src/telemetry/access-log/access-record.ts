import {
  formatSocketAddress,
  type Service,
  type SocketAddress,
  type Workload,
  type WorkloadIdentity,
} from '../../model/index.ts';
import type { SpanContext } from '../trace/index.ts';

/** What is known of one connection when a line about it is written. */
export interface AccessRecord {
  readonly direction: 'inbound' | 'outbound';
  readonly source: SocketAddress;
  readonly sourceWorkload?: Workload | undefined;
  readonly sourceIdentity?: WorkloadIdentity | undefined;
  /** The application's end, or outside the mesh the server's. */
  readonly destination?: SocketAddress | undefined;
  /** The tunnel's far end. */
  readonly tunnel?: SocketAddress | undefined;
  readonly destinationWorkload?: Workload | undefined;
  readonly destinationIdentity?: WorkloadIdentity | undefined;
  readonly service?: Service | undefined;
  /** The span that it is. */
  readonly trace?: SpanContext | undefined;
}

/** How it ended. */
export interface AccessEnd {
  readonly bytesSent: number;
  readonly bytesReceived: number;
  readonly durationMs: number;
  /** Undefined after an orderly end. Its code and hint are written too. */
  readonly error?: Error | undefined;
  /** A word of a closed list that says why, where the error's code does not say enough. */
  readonly reason?: string | undefined;
  /** The policy that decided, and which of its rules, counted from 0. */
  readonly policy?: string | undefined;
  readonly rule?: number | undefined;
  /** What its refusal is called: the same at both ends of a tunnel, and on dashboards. */
  readonly refusalId?: string | undefined;
}

/**
 * The fields of wire.md §5.2, in its order; those that are not known are undefined. Rules are counted from 1 for people. One
 * object in one step: these are made for each connection.
 */
export function accessFields(record: AccessRecord, end: AccessEnd | undefined): Record<string, unknown> {
  const { sourceWorkload, destinationWorkload, destination, tunnel } = record;
  return {
    'src.addr': formatSocketAddress(record.source),
    'src.workload': sourceWorkload?.name,
    'src.namespace': sourceWorkload?.namespace ?? record.sourceIdentity?.namespace,
    'src.identity': record.sourceIdentity?.id,
    'src.cluster': sourceWorkload?.clusterId,
    'dst.addr': destination && formatSocketAddress(destination),
    'dst.hbone_addr': tunnel && formatSocketAddress(tunnel),
    'dst.service': record.service?.hostname,
    'dst.workload': destinationWorkload?.name,
    'dst.namespace': destinationWorkload?.namespace ?? record.service?.namespace,
    'dst.identity': record.destinationIdentity?.id,
    'dst.cluster': destinationWorkload?.clusterId,
    direction: record.direction,
    // One that nobody keeps is of no use to a reader.
    trace: record.trace?.sampled === true ? record.trace.traceId : undefined,
    bytes_sent: end?.bytesSent,
    bytes_recv: end?.bytesReceived,
    duration: end && `${Math.round(end.durationMs)}ms`,
    error: end?.error,
    reason: end?.reason,
    policy: end?.policy,
    rule: end?.rule === undefined ? undefined : end.rule + 1,
    'refusal.id': end?.refusalId,
  };
}
