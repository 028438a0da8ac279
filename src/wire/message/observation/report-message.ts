import { create, toBinary } from '@bufbuild/protobuf';
import {
  type ObservationReceipt,
  type ObservationReport,
  parseWebAddress,
  type ReportRelayed,
} from '../../../model/index.ts';
import { decodeBounded } from '../../codec/bounded-message.ts';
import { badField, requireText } from '../../codec/field.ts';
import { decodeMessage } from '../../codec/resource-codec.ts';
import { WireError } from '../../errors.ts';
import {
  ObservationReceiptSchema,
  ObservationReportSchema,
  type Relay,
  RelaySchema,
} from '../../generated/observation_pb.js';
import { asBuffer } from '../delta-request-message.ts';
import { decodeDiscovery, encodeDiscovery } from './discovery-message.ts';
import {
  decodeFlow,
  decodeRefusal,
  decodeSpan,
  encodeFlow,
  encodeRefusal,
  encodeSpan,
} from './event-message.ts';
import { decodeRequest, encodeRequest } from './request-message.ts';
import { decodeTime } from './number-field.ts';
import { decodeState, encodeState } from './state-message.ts';
import { shortText } from './text-field.ts';
import { createEdgeIndex, decodeEdge, decodeSlot, encodeEdge, encodeSlot } from './traffic-message.ts';

/** A report is bounded by its sender; what is longer is not one of ours, and not worth the memory. */
export const LONGEST_REPORT_BYTES = 8 * 1024 * 1024;

/** A full report of ours has a third of these parts, and its longest flows have half as many bytes. */
const BOUNDS = { parts: 300_000, entryBytes: 16_384 };

/** `nodemesh.observation.v1.ObservationReport`; each edge stands in it once. */
export function encodeObservationReport(report: ObservationReport): Buffer {
  const { batch } = report;
  const edges = createEdgeIndex();
  const slots = batch.slots.map((slot) => encodeSlot(slot, edges.of(slot.edge)));
  const message = create(ObservationReportSchema, {
    proxy: report.proxy,
    instance: report.instance,
    version: report.version,
    sentMs: report.sentMs,
    dashboardUrl: report.dashboardUrl,
    fromSequence: batch.from,
    upToSequence: batch.upTo,
    edges: edges.all().map(encodeEdge),
    slots,
    refusals: batch.refusals.map((refusal) => encodeRefusal(refusal, report.proxy)),
    flows: batch.flows.map(encodeFlow),
    spans: batch.spans.map(encodeSpan),
    requests: report.requests.map(encodeRequest),
  });
  if (report.state !== undefined) message.state = encodeState(report.state);
  if (report.relay !== undefined) {
    const { discovery } = report.relay;
    message.relay = create(RelaySchema, discovery && { discovery: encodeDiscovery(discovery) });
  }
  return asBuffer(toBinary(ObservationReportSchema, message));
}

/** Whatever is in it is of the proxy that the report is of. Throws WireError. */
export function decodeObservationReport(bytes: Uint8Array): ObservationReport {
  if (bytes.length > LONGEST_REPORT_BYTES) throw tooLong(bytes.length);
  const message = decodeBounded(ObservationReportSchema, bytes, BOUNDS);
  const proxy = requireText(message.proxy, 'proxy');
  const from = decodeSequence(message.fromSequence, 'from_sequence');
  const upTo = decodeSequence(message.upToSequence, 'up_to_sequence');
  if (upTo < from) throw badField('up_to_sequence', `expected ${from} or more, got ${upTo}`);
  const edges = message.edges.map(decodeEdge);
  return {
    proxy,
    instance: requireText(shortText(message.instance, 'instance'), 'instance'),
    version: shortText(message.version, 'version'),
    sentMs: decodeTime(message.sentMs, 'sent_ms'),
    dashboardUrl: linkOf(message.dashboardUrl),
    batch: {
      from,
      upTo,
      slots: message.slots.map((slot, index) => decodeSlot(slot, edges, `slots[${index}]`)),
      refusals: message.refusals.map((refusal, index) => decodeRefusal(refusal, proxy, `refusals[${index}]`)),
      flows: message.flows.map((flow, index) => decodeFlow(flow, proxy, `flows[${index}]`)),
      spans: message.spans.map((span, index) => decodeSpan(span, proxy, `spans[${index}]`)),
    },
    state: message.state === undefined ? undefined : decodeState(message.state, proxy),
    requests: message.requests.map((request, index) => decodeRequest(request, proxy, `requests[${index}]`)),
    ...(message.relay && { relay: decodeRelay(message.relay) }),
  };
}

/** `nodemesh.observation.v1.ObservationReceipt`. */
export function encodeObservationReceipt(receipt: ObservationReceipt): Buffer {
  const { nextUpTo = 0, discovery, ...rest } = receipt;
  const message = create(ObservationReceiptSchema, { ...rest, nextUpTo });
  if (discovery !== undefined) message.discovery = encodeDiscovery(discovery);
  return asBuffer(toBinary(ObservationReceiptSchema, message));
}

/** Throws WireError. */
export function decodeObservationReceipt(bytes: Uint8Array): ObservationReceipt {
  const message = decodeMessage(ObservationReceiptSchema, bytes);
  return {
    acknowledged: decodeSequence(message.acknowledged, 'acknowledged'),
    requestsFollowed: message.requestsFollowed,
    meshDashboardUrl: linkOf(message.meshDashboardUrl),
    ...(message.nextUpTo !== 0 && { nextUpTo: decodeSequence(message.nextUpTo, 'next_up_to') }),
    ...(message.discovery && { discovery: decodeDiscovery(message.discovery, 'discovery') }),
  };
}

function decodeRelay({ discovery }: Relay): ReportRelayed {
  return { discovery: discovery && decodeDiscovery(discovery, 'relay.discovery') };
}

/** Nobody is led to where a link must not go; the rest of what was said is as good without it. */
function linkOf(text: string): string {
  return parseWebAddress(text) ?? '';
}

function decodeSequence(value: number, path: string): number {
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw badField(path, `expected a whole number below 2^53, got ${value}`);
}

function tooLong(bytes: number): WireError {
  return new WireError({
    code: 'ERR_WIRE_INVALID_REQUEST',
    blame: 'downstream',
    message: `an observation report may have ${LONGEST_REPORT_BYTES} bytes, got ${bytes}`,
  });
}
