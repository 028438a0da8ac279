import type { Service, SocketAddress, Workload, WorkloadIdentity } from '../../../model/index.ts';
import type { AccessEnd, AccessRecord } from '../access-record.ts';
import type { RequestLogRecord } from '../request-log-record.ts';
import type { ExpressionAttributes } from './expression.ts';

/** What expressions see of a connection; without `end` it has just been opened. */
export function connectionAttributes(record: AccessRecord, end: AccessEnd | undefined): ExpressionAttributes {
  const { source, destination } = record;
  return {
    request: {},
    response: {},
    source: partyOf(source, record.sourceWorkload, record.sourceIdentity),
    destination: partyOf(destination, record.destinationWorkload, record.destinationIdentity, record.service),
    connection: known({
      mtls: record.sourceIdentity !== undefined && record.destinationIdentity !== undefined,
      direction: record.direction,
      ...(end === undefined
        ? {}
        : {
            bytes_sent: BigInt(end.bytesSent),
            bytes_received: BigInt(end.bytesReceived),
            duration_ms: BigInt(Math.round(end.durationMs)),
            failed: end.error !== undefined,
            error: codeOf(end.error),
            reason: end.reason ?? '',
            policy: end.policy ?? '',
          }),
    }),
  };
}

/** What expressions see of a request, in Envoy's words where it has them. */
export function requestAttributes(record: RequestLogRecord): ExpressionAttributes {
  const headers = record.headers();
  return {
    request: known({
      method: record.method,
      path: record.path,
      url_path: record.path,
      host: record.host,
      protocol: record.protocol,
      size: BigInt(record.requestBytes),
      duration_ms: BigInt(Math.round(record.durationMs)),
      attempts: BigInt(record.attempts),
      headers,
      id: headers['x-request-id'],
      referer: headers.referer,
      useragent: headers['user-agent'],
      route: record.route ?? '',
      trace: record.trace?.traceId ?? '',
    }),
    response: known({
      code: BigInt(record.status),
      size: BigInt(record.responseBytes),
      grpc_status: record.grpcStatus === undefined ? undefined : BigInt(record.grpcStatus),
    }),
    source: partyOf(record.source, record.sourceWorkload, record.sourceIdentity),
    destination: partyOf(undefined, record.upstream, undefined, record.service),
    connection: {
      mtls: true,
      failed: record.error !== undefined,
      error: codeOf(record.error),
      reason: record.reason ?? '',
      policy: record.policy ?? '',
    },
  };
}

function partyOf(
  at: SocketAddress | undefined,
  workload: Workload | undefined,
  identity: WorkloadIdentity | undefined,
  service?: Service,
): Readonly<Record<string, unknown>> {
  return known({
    address: at?.address ?? workload?.addresses[0],
    port: at === undefined ? undefined : BigInt(at.port),
    namespace: workload?.namespace ?? identity?.namespace,
    workload: workload?.workloadName,
    pod: workload?.name,
    principal: identity?.id,
    service: service?.hostname,
  });
}

function codeOf(error: (Error & { readonly code?: unknown }) | undefined): string {
  return typeof error?.code === 'string' ? error.code : '';
}

/** Absent and unknown are the same to an expression. */
function known(values: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}
