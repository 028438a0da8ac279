import { create } from '@bufbuild/protobuf';
import type { FlowRecord, FlowRequest, RefusalView, TraceSpan } from '../../../model/index.ts';
import { enumTable } from '../../codec/enum-table.ts';
import { badField, decodePort, requireText } from '../../codec/field.ts';
import {
  type AttributeValue,
  AttributeValueSchema,
  type Flow,
  type FlowRequest as FlowRequestMessage,
  FlowRequestSchema,
  FlowSchema,
  type Refusal,
  RefusalSchema,
  RefusedRequestSchema,
  type Span,
  SpanKind,
  SpanSchema,
  Verdict,
} from '../../generated/observation_pb.js';
import { decodeAmount, decodeTime, whole } from './number-field.ts';
import { decodeEnd, decodeService, encodeEnd, encodeService, REPORTERS } from './traffic-message.ts';

const VERDICTS = enumTable<FlowRecord['verdict']>({
  allowed: Verdict.ALLOWED,
  refused: Verdict.REFUSED,
  failed: Verdict.FAILED,
});

const KINDS = enumTable<TraceSpan['kind']>({
  client: SpanKind.CLIENT,
  server: SpanKind.SERVER,
  internal: SpanKind.INTERNAL,
});

/** `reportedBy`: the proxy that tells of it. */
export function encodeRefusal(refusal: RefusalView, reportedBy: string): Refusal {
  const { reporter, source, destination, service, request, kind, proxy, rule, ...texts } = refusal;
  const message = create(RefusalSchema, {
    ...texts,
    reporter: REPORTERS.encode(reporter),
    source: encodeEnd(source),
    destination: encodeEnd(destination),
    failed: kind === 'failed',
    rule: whole(rule),
    refusedBy: proxy === reportedBy || reporter === 'destination' ? '' : proxy,
  });
  if (service !== undefined) message.service = encodeService(service);
  if (request !== undefined)
    message.request = create(RefusedRequestSchema, { ...request, status: whole(request.status) });
  return message;
}

/** Throws ERR_WIRE_FIELD, naming the field from `path` down. */
export function decodeRefusal(message: Refusal, reportedBy: string, path: string): RefusalView {
  const { request } = message;
  const id = requireText(message.id, `${path}.id`);
  const reporter = REPORTERS.decode(message.reporter, `${path}.reporter`);
  const proxy = message.refusedBy === '' ? reportedBy : message.refusedBy;
  if (proxy !== reportedBy) checkRefusedBy(message, reporter, path);
  return {
    // Two proxies never have the same, whatever they say.
    id: id.startsWith(`${proxy}/`) ? id : `${proxy}/${id}`,
    atMs: decodeTime(message.atMs, `${path}.at_ms`),
    proxy,
    reporter,
    source: decodeEnd(message.source),
    sourceAddress: message.sourceAddress,
    destination: decodeEnd(message.destination),
    dialled: message.dialled,
    service: decodeService(message.service, `${path}.service`),
    request: request && {
      method: request.method,
      host: request.host,
      path: request.path,
      status: request.status,
    },
    kind: message.failed ? 'failed' : 'refused',
    reason: message.reason,
    policy: message.policy,
    rule: message.rule,
    message: message.message,
    hint: message.hint,
    traceId: message.traceId,
  };
}

/** Whoever dials may tell what the proxy behind it refused: nobody else knows, and of its own it says it under its own name. */
function checkRefusedBy({ id, refusedBy }: Refusal, reporter: RefusalView['reporter'], path: string): void {
  const isPossible = reporter === 'source' || (reporter === 'waypoint' && refusedBy.startsWith('ztunnel/'));
  if (!isPossible)
    throw badField(`${path}.refused_by`, `expected nobody else for reporter ${reporter}, got ${refusedBy}`);
  if (!id.startsWith(`${refusedBy}/`))
    throw badField(`${path}.id`, `expected a refusal of ${refusedBy}, got ${id}`);
}

/** `nodemesh.observation.v1.Flow`. */
export function encodeFlow(flow: FlowRecord): Flow {
  const { reporter, source, destination, service, request, verdict, proxy: _proxy, ...others } = flow;
  const message = create(FlowSchema, {
    ...others,
    count: whole(flow.count),
    destinationPort: whole(flow.destinationPort),
    reporter: REPORTERS.encode(reporter),
    source: encodeEnd(source),
    destination: encodeEnd(destination),
    verdict: VERDICTS.encode(verdict),
  });
  if (service !== undefined) message.service = encodeService(service);
  if (request !== undefined)
    message.request = create(FlowRequestSchema, { ...request, status: whole(request.status) });
  return message;
}

/** Of `proxy`, whatever the message says. Throws ERR_WIRE_FIELD. */
export function decodeFlow(message: Flow, proxy: string, path: string): FlowRecord {
  return {
    firstMs: decodeTime(message.firstMs, `${path}.first_ms`),
    lastMs: decodeTime(message.lastMs, `${path}.last_ms`),
    count: message.count,
    proxy,
    reporter: REPORTERS.decode(message.reporter, `${path}.reporter`),
    source: decodeEnd(message.source),
    sourceAddress: message.sourceAddress,
    destination: decodeEnd(message.destination),
    destinationAddress: message.destinationAddress,
    destinationPort: decodePort(message.destinationPort, `${path}.destination_port`),
    service: decodeService(message.service, `${path}.service`),
    mutualTls: message.mutualTls,
    waypoint: message.waypoint,
    verdict: VERDICTS.decode(message.verdict, `${path}.verdict`),
    policy: message.policy,
    request: message.request && decodeFlowRequest(message.request),
  };
}

function decodeFlowRequest(message: FlowRequestMessage): FlowRequest {
  const { method, host, path, headers, tokenPrincipal, claims, status } = message;
  return { method, host, path, headers, tokenPrincipal, claims, status };
}

/** `nodemesh.observation.v1.Span`. */
export function encodeSpan(span: TraceSpan): Span {
  const { kind, attributes, proxy: _proxy, ...others } = span;
  return create(SpanSchema, {
    ...others,
    kind: KINDS.encode(kind),
    attributes: Object.fromEntries(
      Object.entries(attributes).map(([name, value]) => [name, encodeAttribute(value)]),
    ),
  });
}

/** Of `proxy`, whatever the message says. Throws ERR_WIRE_FIELD. */
export function decodeSpan(message: Span, proxy: string, path: string): TraceSpan {
  return {
    traceId: message.traceId,
    spanId: message.spanId,
    parentId: message.parentId,
    name: message.name,
    proxy,
    kind: KINDS.decode(message.kind, `${path}.kind`),
    startMs: decodeTime(message.startMs, `${path}.start_ms`),
    durationMs: decodeAmount(message.durationMs, `${path}.duration_ms`),
    failed: message.failed,
    attributes: Object.fromEntries(
      Object.entries(message.attributes).map(([name, { value }]) => [name, readable(value.value)]),
    ),
  };
}

/** JSON has no word for what is no number. */
function readable(value: AttributeValue['value']['value'] = ''): string | number | boolean {
  return typeof value === 'number' && !Number.isFinite(value) ? String(value) : value;
}

function encodeAttribute(value: string | number | boolean): AttributeValue {
  switch (typeof value) {
    case 'number':
      return create(AttributeValueSchema, { value: { case: 'number', value } });
    case 'boolean':
      return create(AttributeValueSchema, { value: { case: 'flag', value } });
    default:
      return create(AttributeValueSchema, { value: { case: 'text', value } });
  }
}
