import { create } from '@bufbuild/protobuf';
import {
  LATENCY_BOUNDS_MS,
  type ServicePort,
  type TrafficCounts,
  type TrafficEdge,
  type TrafficEnd,
  type TrafficSlot,
} from '../../../model/index.ts';
import { enumTable } from '../../codec/enum-table.ts';
import { badField, decodePort } from '../../codec/field.ts';
import {
  type Edge,
  EdgeSchema,
  type End,
  EndSchema,
  Protocol,
  Reporter,
  type ServicePort as ServicePortMessage,
  ServicePortSchema,
  type Slot,
  SlotSchema,
} from '../../generated/observation_pb.js';
import { decodeAmount, decodeTime, whole } from './number-field.ts';

export const REPORTERS = enumTable<TrafficEdge['reporter']>({
  source: Reporter.SOURCE,
  destination: Reporter.DESTINATION,
  waypoint: Reporter.WAYPOINT,
});

const PROTOCOLS = enumTable<TrafficEdge['protocol']>({
  tcp: Protocol.TCP,
  http: Protocol.HTTP,
  grpc: Protocol.GRPC,
});

/** The edges of a report, each once. A store gives the same object for the same edge. */
export interface EdgeIndex {
  of(edge: TrafficEdge): number;
  all(): readonly TrafficEdge[];
}

/** Numbers are given in the order of the first question, from 0. */
export function createEdgeIndex(): EdgeIndex {
  const numbers = new Map<TrafficEdge, number>();
  return {
    of(edge) {
      const number = numbers.get(edge) ?? numbers.size;
      numbers.set(edge, number);
      return number;
    },
    all: () => [...numbers.keys()],
  };
}

/** `nodemesh.observation.v1.Edge`. */
export function encodeEdge(edge: TrafficEdge): Edge {
  const message = create(EdgeSchema, {
    reporter: REPORTERS.encode(edge.reporter),
    source: encodeEnd(edge.source),
    destination: encodeEnd(edge.destination),
    protocol: PROTOCOLS.encode(edge.protocol),
    mutualTls: edge.mutualTls,
    waypoint: edge.waypoint,
  });
  if (edge.service !== undefined) message.service = encodeService(edge.service);
  return message;
}

/** The edge at `index` of its report. Throws ERR_WIRE_FIELD. */
export function decodeEdge(message: Edge, index: number): TrafficEdge {
  const path = `edges[${index}]`;
  return {
    reporter: REPORTERS.decode(message.reporter, `${path}.reporter`),
    source: decodeEnd(message.source),
    destination: decodeEnd(message.destination),
    service: decodeService(message.service, `${path}.service`),
    protocol: PROTOCOLS.decode(message.protocol, `${path}.protocol`),
    mutualTls: message.mutualTls,
    waypoint: message.waypoint,
  };
}

/** `edge`: its number in the report. */
export function encodeSlot({ startMs, counts }: TrafficSlot, edge: number): Slot {
  return create(SlotSchema, {
    edge,
    startMs,
    opened: whole(counts.opened),
    closed: whole(counts.closed),
    failed: whole(counts.failed),
    refused: whole(counts.refused),
    sentBytes: counts.sentBytes,
    receivedBytes: counts.receivedBytes,
    requests: whole(counts.requests),
    statuses: counts.statuses.some((count) => count !== 0) ? counts.statuses.map(whole) : [],
    grpcErrors: whole(counts.grpcErrors),
    retries: whole(counts.retries),
    latency: counts.latency.map(whole),
  });
}

/** Throws ERR_WIRE_FIELD, also for an edge that the report does not have. */
export function decodeSlot(message: Slot, edges: readonly TrafficEdge[], path: string): TrafficSlot {
  const edge = edges[message.edge];
  if (edge === undefined)
    throw badField(`${path}.edge`, `expected one of ${edges.length} edges, got ${message.edge}`);
  return {
    edge,
    startMs: decodeTime(message.startMs, `${path}.start_ms`),
    counts: countsOf(message, path),
  };
}

function countsOf(message: Slot, path: string): TrafficCounts {
  const { statuses, latency } = message;
  if (statuses.length !== 0 && statuses.length !== 5)
    throw badField(`${path}.statuses`, `expected none or five, got ${statuses.length}`);
  if (latency.length > LATENCY_BOUNDS_MS.length + 1)
    throw badField(
      `${path}.latency`,
      `expected ${LATENCY_BOUNDS_MS.length + 1} at most, got ${latency.length}`,
    );
  const [s1 = 0, s2 = 0, s3 = 0, s4 = 0, s5 = 0] = statuses;
  return {
    opened: message.opened,
    closed: message.closed,
    failed: message.failed,
    refused: message.refused,
    sentBytes: decodeAmount(message.sentBytes, `${path}.sent_bytes`),
    receivedBytes: decodeAmount(message.receivedBytes, `${path}.received_bytes`),
    requests: message.requests,
    statuses: [s1, s2, s3, s4, s5],
    grpcErrors: message.grpcErrors,
    retries: message.retries,
    latency,
  };
}

/** `nodemesh.observation.v1.End`. */
export function encodeEnd(end: TrafficEnd): End {
  return create(EndSchema, end);
}

/** One that is not there is nobody we know. Never throws. */
export function decodeEnd(message: End | undefined): TrafficEnd {
  const { namespace = '', workload = '', identity = '' } = message ?? {};
  return { namespace, workload, identity };
}

/** `nodemesh.observation.v1.ServicePort`. */
export function encodeService({ namespace, name, port }: ServicePort): ServicePortMessage {
  return create(ServicePortSchema, { namespace, name, port });
}

/** Undefined: the connection named no service. Throws ERR_WIRE_FIELD. */
export function decodeService(
  message: ServicePortMessage | undefined,
  path: string,
): ServicePort | undefined {
  if (message === undefined) return undefined;
  const { namespace, name, port } = message;
  return { namespace, name, port: decodePort(port, `${path}.port`) };
}
