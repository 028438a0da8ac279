import type { LogLevel } from '../../base/index.ts';
import type { AccessLogScope, Workload } from '../../model/index.ts';
import type { AccessOutput } from './access-output.ts';
import { type AccessEnd, type AccessRecord, accessFields } from './access-record.ts';
import { type AccessSink, outputSink, writeToAll } from './access-sink.ts';
import { type AccessRules, ALL_RECORDS, connectionAttributes } from './rules/index.ts';

/** One line when a connection opens and one when it ends; one alone for a connection that never opened. */
export interface AccessLog {
  /** `connection opened`, at INFO. */
  opened(record: AccessRecord): void;
  /** `connection complete`, at INFO, or at ERROR when it was cut. */
  closed(record: AccessRecord, end: AccessEnd): void;
  /** `connection failed`, at WARN: refused, or its other end could not be reached. */
  failed(record: AccessRecord, end: AccessEnd): void;
}

/** What is written, and of whom; all of it has defaults. */
export interface AccessLogOptions {
  /** Which lines are written, and what is added to them. Default: all, as they are. */
  readonly rules?: AccessRules;
  /** Which connections of a workload (the client's where they leave, the server's where they come) are told. Default: all. */
  scopeOf?(workload: Workload): AccessLogScope;
  /** What is written in the place of all this for one record. Undefined, the default: nothing. */
  sinksOf?(record: AccessRecord): readonly AccessSink[] | undefined;
}

/** Of the side that this proxy is on. */
export function ownWorkload(
  record: Pick<AccessRecord, 'direction' | 'sourceWorkload' | 'destinationWorkload'>,
): Workload | undefined {
  return record.direction === 'outbound' ? record.sourceWorkload : record.destinationWorkload;
}

/** Owns nothing: `output` is the process's log. */
export function createAccessLog(output: AccessOutput, options: AccessLogOptions = {}): AccessLog {
  const { rules = ALL_RECORDS, scopeOf } = options;
  const own = [outputSink(output, rules)];

  function isTold(record: AccessRecord, end: AccessEnd | undefined, failed: boolean): boolean {
    const workload = ownWorkload(record);
    const scope = workload === undefined ? 'all' : (scopeOf?.(workload) ?? 'all');
    return scope === 'all' || (scope === 'failures' && (failed || end?.error !== undefined));
  }

  function write(level: LogLevel, message: string, record: AccessRecord, end: AccessEnd | undefined): void {
    if (!isTold(record, end, level === 'warn')) return;
    writeToAll(options.sinksOf?.(record) ?? own, level, () => ({
      level,
      message,
      trace: record.trace,
      durationMs: end?.durationMs,
      fields: () => accessFields(record, end),
      attributes: () => connectionAttributes(record, end),
    }));
  }

  return {
    opened: (record) => write('info', 'connection opened', record, undefined),
    closed: (record, end) =>
      write(end.error === undefined ? 'info' : 'error', 'connection complete', record, end),
    failed: (record, end) => write('warn', 'connection failed', record, end),
  };
}
