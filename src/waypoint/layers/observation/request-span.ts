import type { MeshError } from '../../../base/index.ts';
import type { HttpRequest } from '../../../http/index.ts';
import type { Workload } from '../../../model/index.ts';
import type { EndedSpan, SpanContext } from '../../../telemetry/index.ts';
import type { RequestContext } from '../../request/request-context.ts';

type Attributes = EndedSpan['attributes'];

/** The span of a request that is over, in the words of OpenTelemetry's semantic conventions where they have one. */
export function requestSpan(
  span: SpanContext,
  ended: { readonly request: HttpRequest; readonly context: RequestContext; readonly endMs: number },
): EndedSpan {
  const { request, context, endMs } = ended;
  const { client, dialled, record } = context;
  const to = dialled.service?.hostname ?? (dialled.kind === 'workload' ? dialled.workload.name : '');
  return {
    ...idsOf(span),
    name: `${methodName(request.method)} ${to}`,
    kind: 'server',
    startMs: endMs - record.durationMs,
    durationMs: record.durationMs,
    failed: record.status >= 500 || record.error?.blame === 'upstream',
    attributes: known({
      ...requestAttributes(request),
      'http.response.status_code': record.status === 0 ? undefined : record.status,
      'rpc.grpc.status_code': record.grpcStatus,
      'client.address': client.address,
      'nodemesh.source.namespace': client.identity.namespace,
      'nodemesh.source.workload': client.workload?.name,
      'nodemesh.source.identity': client.identity.id,
      'nodemesh.destination.service': dialled.service?.hostname,
      'nodemesh.route': record.route,
      'nodemesh.attempts': record.attempts,
      'nodemesh.reason': record.reason,
      'nodemesh.policy': record.policy,
      ...errorAttributes(record.error),
    }),
  };
}

/** One try at a backend. */
export interface TrySpan {
  readonly request: HttpRequest;
  readonly attempt: number;
  readonly backend: string;
  readonly upstream: Workload | undefined;
  readonly status: number | undefined;
  readonly error: MeshError | undefined;
  readonly durationMs: number;
  readonly endMs: number;
}

/** The span of a try that is over. */
export function trySpan(span: SpanContext, tried: TrySpan): EndedSpan {
  const { request, upstream, status, error, durationMs } = tried;
  return {
    ...idsOf(span),
    name: `${methodName(request.method)} ${tried.backend}`,
    kind: 'client',
    startMs: tried.endMs - durationMs,
    durationMs,
    failed: error !== undefined || (status ?? 0) >= 400,
    attributes: known({
      ...requestAttributes(request),
      'http.response.status_code': status,
      'http.request.resend_count': tried.attempt > 1 ? tried.attempt - 1 : undefined,
      'server.address': upstream?.addresses[0],
      'nodemesh.destination.namespace': upstream?.namespace,
      'nodemesh.destination.workload': upstream?.name,
      ...errorAttributes(error),
    }),
  };
}

function idsOf({
  traceId,
  spanId,
  parentId,
}: SpanContext): Pick<EndedSpan, 'traceId' | 'spanId' | 'parentId'> {
  return { traceId, spanId, parentId };
}

/** Without the query, which often holds what must not be told. */
function requestAttributes(request: HttpRequest) {
  return {
    'http.request.method': methodName(request.method),
    'url.path': request.target.split('?', 1)[0]?.slice(0, LONGEST_PATH),
    'nodemesh.host': request.authority,
    'network.protocol.version': request.version,
  };
}

function errorAttributes(error: MeshError | undefined) {
  return { 'error.type': error?.code, 'error.message': error?.message };
}

/** Clients may invent methods, and names of spans are to be few. */
function methodName(method: string): string {
  return METHODS.has(method) ? method : '_OTHER';
}

function known(values: Readonly<Record<string, string | number | undefined>>): Attributes {
  const attributes: Record<string, string | number> = {};
  for (const [name, value] of Object.entries(values)) if (value !== undefined) attributes[name] = value;
  return attributes;
}

const METHODS: ReadonlySet<string> = new Set([
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'DELETE',
  'CONNECT',
  'OPTIONS',
  'TRACE',
  'PATCH',
]);
const LONGEST_PATH = 256;
