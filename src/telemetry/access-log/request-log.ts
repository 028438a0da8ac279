import { formatAuthority, type Service } from '../../model/index.ts';
import type { AccessOutput } from './access-output.ts';
import { type AccessSink, outputSink, writeToAll } from './access-sink.ts';
import { type AccessRules, ALL_RECORDS, requestAttributes } from './rules/index.ts';
import type { RequestLogRecord } from './request-log-record.ts';

/** One line for each request. */
export interface RequestLog {
  /** Whether a line would be looked at; asked before a record is put together for it. */
  isWanted(record: Pick<RequestLogRecord, 'error'>, service?: Service): boolean;
  /** `request complete` at INFO; `request failed` at WARN where the proxy answered itself or the answer was cut. */
  ended(record: RequestLogRecord): void;
}

/**
 * `rules`: which lines are written, and what is added to them. Default: all, as they are. `sinksOf`: what is written in their
 * place for one request to a service; undefined, the default: nothing.
 */
export function createRequestLog(
  output: AccessOutput,
  rules: AccessRules = ALL_RECORDS,
  sinksOf?: (service: Service | undefined) => readonly AccessSink[] | undefined,
): RequestLog {
  const own = [outputSink(output, rules)];
  const levelOf = ({ error }: Pick<RequestLogRecord, 'error'>) => (error === undefined ? 'info' : 'warn');
  return {
    isWanted(record, service) {
      const level = levelOf(record);
      return (sinksOf?.(service) ?? own).some((sink) => sink.isEnabled(level));
    },
    ended(record) {
      const level = levelOf(record);
      writeToAll(sinksOf?.(record.service) ?? own, level, () => ({
        level,
        message: level === 'warn' ? 'request failed' : 'request complete',
        trace: record.trace,
        durationMs: record.durationMs,
        fields: () => requestFields(record),
        attributes: () => requestAttributes(record),
      }));
    },
  };
}

/** What is not known is left out. Rules are counted from 1 for people. */
function requestFields(record: RequestLogRecord): Record<string, unknown> {
  const { sourceWorkload, upstream } = record;
  return {
    'src.addr': formatAuthority(record.source.address, record.source.port),
    'src.workload': sourceWorkload?.name,
    'src.namespace': sourceWorkload?.namespace ?? record.sourceIdentity?.namespace,
    'src.identity': record.sourceIdentity?.id,
    'dst.service': record.service?.hostname,
    'dst.backend': record.backendService?.hostname,
    'dst.workload': upstream?.name,
    'dst.namespace': upstream?.namespace,
    protocol: record.protocol,
    method: record.method,
    host: record.host,
    path: record.path,
    status: record.status,
    grpc_status: record.grpcStatus,
    bytes_sent: record.responseBytes,
    bytes_recv: record.requestBytes,
    duration: `${Math.round(record.durationMs)}ms`,
    attempts: record.attempts > 1 ? record.attempts : undefined,
    route: record.route,
    route_rule: record.routeRule === '' ? undefined : record.routeRule,
    trace: record.trace?.traceId,
    error: record.error,
    reason: record.reason,
    policy: record.policy,
    rule: record.ruleName ?? (record.rule === undefined ? undefined : record.rule + 1),
  };
}
